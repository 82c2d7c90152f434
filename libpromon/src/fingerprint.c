/*
 * Fingerprints: SipHash-2-4 of the JSON text with its keys sorted, twice with different keys.
 */
#include "fingerprint.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

bool promon__fingerprint_key_make(struct promon__fingerprint_key *out)
{
    return getrandom(out->words, sizeof(out->words), 0) == (ssize_t)sizeof(out->words);
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void turn(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void take_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    turn(v);
    turn(v);
    v[0] ^= word;
}

/* Up to eight bytes, the first one lowest. */
static uint64_t word_of(const unsigned char *bytes, size_t size)
{
    uint64_t word = 0;
    size_t i;

    for (i = 0; i < size; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static uint64_t sip_hash(const uint64_t key[2], const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    size_t done = 0;
    int i;

    for (; size - done >= 8; done += 8)
        take_word(v, word_of(bytes + done, 8));
    take_word(v, word_of(bytes + done, size - done) | (uint64_t)size << 56);
    v[2] ^= 0xff;
    for (i = 0; i < 4; i++)
        turn(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

bool promon__fingerprint_take(const struct promon__fingerprint_key *key, const json_t *value,
                              struct promon__fingerprint *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    size_t size;

    if (text == NULL)
        return false;
    size = strlen(text);
    snprintf(out->text, sizeof(out->text), "%016llx%016llx",
             (unsigned long long)sip_hash(key->words, text, size),
             (unsigned long long)sip_hash(key->words + 2, text, size));
    explicit_bzero(text, size);
    free(text);
    return true;
}
