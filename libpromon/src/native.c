/*
 * Native histograms: the buckets of one series, and their widening.
 *
 * Invariant: a layout's schema, block and capacity never change; its buckets only grow, under the
 * lock, and are published one by one. What is observed after a wider layout was published goes to
 * its block; what went to the old one is added when the grace is over.
 */
#include "native.h"

#include <stdlib.h>

#include "error.h"
#include "grace.h"

/* At the lowest schema there are no more buckets than these: 2 signs, 2^11 exponents / 16. */
#define LAST_BUCKETS 270
/* Slots of a block besides the buckets: zero at the front, the sum at the end. */
#define OTHER_SLOTS 2
#define OFFSET_BITS 16

struct bucket {
    int32_t key;
    bool is_negative;
    uint16_t offset; /* in the block */
};

struct layout {
    int32_t schema;
    uint32_t slot;
    unsigned capacity, n; /* buckets */
    size_t mask; /* of the table */
    struct bucket *buckets; /* by sign, then key; looked at under the lock */
    /* Identity and offset; 0 is empty. */
    uint64_t table[];
};

struct promon__native_state {
    struct layout *layout;
    uint64_t reported[]; /* classic buckets */
};

static unsigned slots_of(const struct layout *layout)
{
    return layout->capacity + OTHER_SLOTS;
}

static struct layout *new_layout(const struct promon_family *family, int32_t schema)
{
    const unsigned wanted = family->native_max_buckets;
    const unsigned capacity =
        schema == PROMON__MIN_SCHEMA && wanted < LAST_BUCKETS ? LAST_BUCKETS : wanted;
    size_t entries = 4;
    struct layout *layout;

    while (entries < capacity * 2)
        entries *= 2;
    layout = calloc(1, sizeof(*layout) + entries * sizeof(uint64_t));
    if (layout == NULL)
        return NULL;
    layout->schema = schema;
    layout->capacity = capacity;
    layout->mask = entries - 1;
    layout->buckets = malloc(capacity * sizeof(struct bucket));
    if (layout->buckets == NULL ||
        promon__slots_alloc(slots_of(layout), &layout->slot, NULL) != PROMON_OK) {
        free(layout->buckets);
        free(layout);
        return NULL;
    }
    return layout;
}

static void free_layout(struct layout *layout)
{
    promon__slots_free(layout->slot, slots_of(layout));
    free(layout->buckets);
    free(layout);
}

enum promon_status promon__native_new(const struct promon_family *family,
                                      struct promon__native_state **out, struct promon_error *error)
{
    struct promon__native_state *native =
        calloc(1, sizeof(*native) + (family->n_bounds + 1) * sizeof(uint64_t));

    if (native == NULL)
        return promon__fail_memory(error);
    native->layout = new_layout(family, family->native_schema);
    if (native->layout == NULL) {
        free(native);
        return promon__fail_memory(error);
    }
    *out = native;
    return PROMON_OK;
}

void promon__native_free(struct promon__native_state *native)
{
    free_layout(native->layout);
    free(native);
}

uint64_t *promon__native_reported(struct promon__native_state *native)
{
    return native->reported;
}

void promon__native_zero(const struct promon_family *family, struct promon__native_state *native)
{
    memset(native->reported, 0, (family->n_bounds + 1) * sizeof(uint64_t));
    promon__slots_zero(native->layout->slot, slots_of(native->layout));
}

static uint64_t identity_of(int32_t key, bool is_negative)
{
    return (uint64_t)(uint32_t)key << 1 | is_negative;
}

/* The table's place of a bucket: where it is, or where it would be. */
static size_t place_of(const struct layout *layout, uint64_t identity)
{
    size_t i = (identity * UINT64_C(0x9e3779b97f4a7c15) >> 40) & layout->mask;
    uint64_t entry;

    for (;; i = (i + 1) & layout->mask) {
        entry = __atomic_load_n(&layout->table[i], __ATOMIC_ACQUIRE);
        if (entry == 0 || entry >> OFFSET_BITS == identity)
            return i;
    }
}

/* Offset of a value's bucket in the block; -1 when there is none. */
static int offset_of(const struct promon_family *family, const struct layout *layout, double value)
{
    const double size = __builtin_fabs(value);
    uint64_t entry;
    int32_t key;

    if (size <= family->native_zero_threshold)
        return 0;
    key = promon__native_key(size, layout->schema, family->native_bounds, family->native_schema);
    entry = __atomic_load_n(&layout->table[place_of(layout, identity_of(key, value < 0))],
                            __ATOMIC_ACQUIRE);
    return entry == 0 ? -1 : (int)(entry & ((1U << OFFSET_BITS) - 1));
}

bool promon__native_find(const struct promon_family *family,
                         const struct promon__native_state *native, double value, uint32_t *bucket,
                         uint32_t *sum)
{
    const struct layout *layout = __atomic_load_n(&native->layout, __ATOMIC_SEQ_CST);
    const int offset = offset_of(family, layout, value);

    if (offset < 0)
        return false;
    *bucket = layout->slot + (unsigned)offset;
    *sum = layout->slot + slots_of(layout) - 1;
    return true;
}

/* Position of a bucket among the sorted ones. */
static unsigned position_of(const struct layout *layout, int32_t key, bool is_negative)
{
    unsigned i = 0;

    while (i < layout->n &&
           (layout->buckets[i].is_negative < is_negative ||
            (layout->buckets[i].is_negative == is_negative && layout->buckets[i].key < key)))
        i++;
    return i;
}

/* The offset of a bucket, which is made if it is not there; there is room. */
static unsigned add_bucket(struct layout *layout, int32_t key, bool is_negative)
{
    const uint64_t identity = identity_of(key, is_negative);
    const size_t place = place_of(layout, identity);
    const unsigned position = position_of(layout, key, is_negative);

    if (layout->table[place] != 0)
        return layout->table[place] & ((1U << OFFSET_BITS) - 1);
    memmove(layout->buckets + position + 1, layout->buckets + position,
            (layout->n - position) * sizeof(struct bucket));
    layout->n++;
    layout->buckets[position] = (struct bucket){key, is_negative, (uint16_t)layout->n};
    __atomic_store_n(&layout->table[place], identity << OFFSET_BITS | layout->n, __ATOMIC_RELEASE);
    return layout->n;
}

/* Two neighbours fall together in one of twice the width. */
static int32_t wider_key(int32_t key)
{
    return (key + 1) >> 1;
}

/* Adds what the old layout counted to the wider one; nobody counts in the old one any more. */
static void move_counts(const struct layout *old, struct layout *wider)
{
    uint64_t counts[PROMON__CHUNK_SLOTS];
    unsigned i;

    promon__slots_lock();
    promon__slots_sum(old->slot, slots_of(old), counts);
    promon__slots_unlock();
    promon__slots_add_shared(wider->slot, counts[0]);
    promon__slots_add_shared_real(wider->slot + slots_of(wider) - 1,
                                  promon__real_of(counts[slots_of(old) - 1]));
    for (i = 0; i < old->n; i++) {
        const struct bucket *bucket = &old->buckets[i];
        const unsigned offset = add_bucket(wider, wider_key(bucket->key), bucket->is_negative);

        promon__slots_add_shared(wider->slot + offset, counts[bucket->offset]);
    }
}

static bool widen(const struct promon_family *family, struct promon__native_state *native)
{
    struct layout *old = native->layout;
    struct layout *wider = new_layout(family, old->schema - 1);
    unsigned i;

    if (wider == NULL)
        return false;
    for (i = 0; i < old->n; i++)
        add_bucket(wider, wider_key(old->buckets[i].key), old->buckets[i].is_negative);
    __atomic_store_n(&native->layout, wider, __ATOMIC_SEQ_CST);
    promon__grace();
    move_counts(old, wider);
    free_layout(old);
    return true;
}

bool promon__native_make(const struct promon_family *family, struct promon__native_state *native,
                         double value)
{
    for (;;) {
        struct layout *layout = native->layout;

        if (offset_of(family, layout, value) >= 0)
            return true;
        if (layout->n < layout->capacity) {
            const int32_t key = promon__native_key(__builtin_fabs(value), layout->schema,
                                                   family->native_bounds, family->native_schema);

            add_bucket(layout, key, value < 0);
            return true;
        }
        if (layout->schema == PROMON__MIN_SCHEMA || !widen(family, native))
            return false;
    }
}

/* Gaps so short are told as empty buckets, which takes less room than a span. */
#define SHORT_GAP 2

/* Buckets of one sign as they are told. */
struct side {
    struct promon__span *spans;
    uint64_t *counts;
    size_t n_spans, n_counts;
};

static void tell_bucket(struct side *side, int32_t gap, uint64_t count)
{
    if (side->n_spans == 0 || gap > SHORT_GAP)
        side->spans[side->n_spans++] = (struct promon__span){gap, 0};
    else
        for (; gap > 0; gap--) {
            side->counts[side->n_counts++] = 0;
            side->spans[side->n_spans - 1].length++;
        }
    side->counts[side->n_counts++] = count;
    side->spans[side->n_spans - 1].length++;
}

static bool gather_side(const struct layout *layout, const uint64_t *block, bool is_negative,
                        struct promon__pool *pool, struct side *side)
{
    const unsigned end = is_negative ? layout->n : position_of(layout, INT32_MIN, true);
    unsigned i = is_negative ? position_of(layout, INT32_MIN, true) : 0;
    int32_t next = 0;

    *side = (struct side){
        .spans = promon__pool_array(pool, layout->n + 1, sizeof(struct promon__span)),
        .counts = promon__pool_array(pool, (layout->n + 1) * (SHORT_GAP + 1), sizeof(uint64_t)),
    };
    if (side->spans == NULL || side->counts == NULL)
        return false;
    for (; i < end; i++) {
        tell_bucket(side, layout->buckets[i].key - next, block[layout->buckets[i].offset]);
        next = layout->buckets[i].key + 1;
    }
    return true;
}

bool promon__native_gather(const struct promon_family *family,
                           const struct promon__native_state *native, struct promon__pool *pool,
                           struct promon__native *out, uint64_t *count, double *sum)
{
    const struct layout *layout = native->layout;
    uint64_t block[PROMON__CHUNK_SLOTS];
    struct side negative, positive;
    unsigned i;

    promon__slots_lock();
    promon__slots_sum(layout->slot, slots_of(layout), block);
    promon__slots_unlock();
    if (!gather_side(layout, block, true, pool, &negative) ||
        !gather_side(layout, block, false, pool, &positive))
        return false;
    *count = block[0];
    for (i = 0; i < layout->n; i++)
        *count += block[layout->buckets[i].offset];
    *sum = promon__real_of(block[slots_of(layout) - 1]);
    *out = (struct promon__native){
        .schema = layout->schema,
        .zero_threshold = family->native_zero_threshold,
        .zero_count = block[0],
        .negative_spans = negative.spans,
        .positive_spans = positive.spans,
        .n_negative_spans = negative.n_spans,
        .n_positive_spans = positive.n_spans,
        .negative_counts = negative.counts,
        .positive_counts = positive.counts,
        .n_negative_counts = negative.n_counts,
        .n_positive_counts = positive.n_counts,
    };
    return true;
}
