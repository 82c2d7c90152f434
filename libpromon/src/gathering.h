/*
 * A gathering: the memory behind struct promon__gathered, and its place among those under way.
 */
#ifndef PROMON_SRC_GATHERING_H
#define PROMON_SRC_GATHERING_H

#include "family_state.h"
#include "gathered.h"
#include "pool.h"
#include "string_set.h"

struct promon__gathering {
    struct promon__gathering *next; /* of the registry's */
    uint64_t number;
    struct promon__pool pool;
    struct promon__gathered_family *families;
    size_t n_families, capacity;
    struct promon__string_set claims; /* of all families but what is left out */
    const char *const *wanted; /* NULL: all */
    bool failed; /* memory ran out */
};

/* Whether one of its names is asked for. */
bool promon__gathering_wants(const struct promon__gathering *gathering,
                             const struct promon__claims *claims);

/* Remembers the names of a family. */
void promon__gathering_claim(struct promon__gathering *gathering,
                             const struct promon__claims *claims);

/* Room for one more family; NULL when there is no memory. */
struct promon__gathered_family *promon__gathering_add(struct promon__gathering *gathering);

/* Copies a family's values; the lock of the registry is held. */
bool promon__gather_family(struct promon__gathering *gathering, struct promon_family *family,
                           struct promon__gathered_family *out);
/* Histograms into `out`, whose other members are filled. */
bool promon__gather_histograms(struct promon__pool *pool, struct promon_family *family,
                               struct promon__gathered_series *out, size_t n);

/* Lets all collectors tell their metrics; no lock is held. */
void promon__collect(struct promon__registry *registry, struct promon__gathering *gathering);

#endif
