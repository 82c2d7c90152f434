/*
 * Claims: suffixes by kind.
 */
#include "claims.h"

/* The first one is none: OpenMetrics calls the family so. */
static const char *const suffixes[][PROMON__MAX_CLAIMS] = {
    [PROMON_COUNTER] = {"", "_total", "_created"},
    [PROMON_GAUGE] = {""},
    [PROMON_HISTOGRAM] = {"", "_bucket", "_count", "_sum", "_created"},
    [PROMON_INFO] = {"", "_info"},
    [PROMON_STATESET] = {""},
};

size_t promon__base_size(enum promon_kind kind, const char *name)
{
    const char *suffix = kind == PROMON_COUNTER ? "_total" : kind == PROMON_INFO ? "_info" : "";
    const size_t size = strlen(name), cut = strlen(suffix);

    return size > cut && strcmp(name + size - cut, suffix) == 0 ? size - cut : size;
}

size_t promon__claims_size(const char *name)
{
    return PROMON__MAX_CLAIMS * (strlen(name) + PROMON__CLAIM_SUFFIX + 1);
}

void promon__claims_make(struct promon__claims *claims, char *memory, enum promon_kind kind,
                         const char *name)
{
    const size_t base = promon__base_size(kind, name);
    size_t i;

    claims->n = 0;
    for (i = 0; i < PROMON__MAX_CLAIMS && suffixes[kind][i] != NULL; i++) {
        const size_t suffix = strlen(suffixes[kind][i]);

        memcpy(memory, name, base);
        memcpy(memory + base, suffixes[kind][i], suffix + 1);
        claims->names[claims->n++] = (struct promon__string){
            promon__string_hash(memory, base + suffix), memory, base + suffix};
        memory += base + suffix + 1;
    }
}

bool promon__claims_meet(const struct promon__claims *left, const struct promon__claims *right)
{
    size_t i, j;

    for (i = 0; i < left->n; i++) {
        for (j = 0; j < right->n; j++) {
            if (left->names[i].hash == right->names[j].hash &&
                strcmp(left->names[i].data, right->names[j].data) == 0)
                return true;
        }
    }
    return false;
}

bool promon__claims_have(const struct promon__claims *claims, const char *name)
{
    size_t i;

    for (i = 0; i < claims->n; i++) {
        if (strcmp(claims->names[i].data, name) == 0)
            return true;
    }
    return false;
}
