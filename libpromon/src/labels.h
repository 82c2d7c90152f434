/*
 * Labels: which names are names, and label values as a key: in words, so that keys are hashed and
 * compared eight bytes at a time.
 *
 * A key is the values one after the other, each filled up with at least one and at most eight zero
 * bytes to whole words; no value holds a zero byte, so that different values have different keys.
 * Read as bytes, a key is NUL-terminated strings.
 */
#ifndef PROMON_SRC_LABELS_H
#define PROMON_SRC_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Words of a key that is built on the stack: labels of 500 characters are no usual ones. */
#define PROMON__KEY_WORDS 64
/* Stands for each value of the series that has what max_series leaves no room for. */
#define PROMON__OTHER "__other__"

struct promon__key {
    uint64_t hash;
    size_t n_words;
    const uint64_t *words;
};

/* [a-zA-Z_:][a-zA-Z0-9_:]* */
bool promon__is_metric_name(const char *name);
/* [a-zA-Z_][a-zA-Z0-9_]* and not "__…" */
bool promon__is_label_name(const char *name);
/* "promon_…", "process_…" */
bool promon__is_reserved_name(const char *name);

/* Whether there are exactly n, NULL-terminated; `values` may be NULL for none. */
bool promon__has_values(const char *const *values, size_t n);
bool promon__are_values_utf8(const char *const *values, size_t n);

/* The key of values of any length; false when there is no memory. Free with promon__key_free. */
bool promon__key_long(struct promon__key *key, const char *const *values, size_t n, uint64_t seed);
void promon__key_free(struct promon__key *key);

/* Bytes of `a="x",b="y"`, and the text itself, with a NUL that is not counted; the end of it. */
size_t promon__label_text_size(const char *const *names, const char *const *values, size_t n);
char *promon__label_text_write(char *out, const char *const *names, const char *const *values,
                               size_t n);

/* The last bytes of a value, less than eight, with zeros behind them. */
static inline uint64_t promon__key_tail(const char *data, size_t size)
{
    uint64_t word = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (size >= 4) {
        uint32_t low, high;

        memcpy(&low, data, sizeof(low));
        memcpy(&high, data + size - sizeof(high), sizeof(high));
        word = low | (uint64_t)high << (size - sizeof(high)) * 8;
    } else if (size >= 2) {
        uint16_t low;

        memcpy(&low, data, sizeof(low));
        word = low | (uint64_t)(unsigned char)data[size - 1] << (size - 1) * 8;
    } else if (size == 1) {
        word = (unsigned char)data[0];
    }
#else
    memcpy(&word, data, size);
#endif
    return word;
}

static inline uint64_t promon__key_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/*
 * Puts values into `words`, of which there are `limit`; false when there are too many or when the
 * number of values is not n.
 */
static inline bool promon__key_build(struct promon__key *key, uint64_t *words, size_t limit,
                                     const char *const *values, size_t n, uint64_t seed)
{
    uint64_t hash = seed;
    size_t n_words = 0, i;

    if (values == NULL && n > 0)
        return false;
    for (i = 0; i < n; i++) {
        const char *value = values[i];
        size_t size;

        if (value == NULL)
            return false;
        size = strlen(value);
        if (size / 8 + 1 > limit - n_words)
            return false;
        for (; size >= 8; size -= 8, value += 8) {
            memcpy(&words[n_words], value, 8);
            hash = promon__key_mix(hash, words[n_words++]);
        }
        words[n_words] = promon__key_tail(value, size);
        hash = promon__key_mix(hash, words[n_words++]);
    }
    *key = (struct promon__key){hash, n_words, words};
    return values == NULL || values[n] == NULL;
}

static inline bool promon__is_same_key(const struct promon__key *key, const uint64_t *words,
                                       size_t n_words)
{
    size_t i;

    if (key->n_words != n_words)
        return false;
    for (i = 0; i < n_words; i++) {
        if (key->words[i] != words[i])
            return false;
    }
    return true;
}

#endif
