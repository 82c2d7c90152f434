/*
 * Stars and planets: resources whose rows are in memory, from a provider that is no database. It
 * answers every other wish before it returns and the rest in a later turn of the loop.
 */
#ifndef SUPPORT_SKY_H
#define SUPPORT_SKY_H

#include <baseapi/resource.h>
#include <miniorm/miniorm.h>

#define STAR_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 20)

#define PLANET_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 20)                  \
    X(T, int4, star_id, MINIORM_NULLABLE, .references = "stars(id)")

MINIORM_DECLARE(star, STAR_COLUMNS);
MINIORM_DECLARE(planet, PLANET_COLUMNS);

/* What the provider does beside answering with rows. */
struct sky {
    enum miniorm_status failure; /* every wish fails like this */
    const char *constraint; /* that the failure names */
    bool answers_twice;
    bool stalls; /* answers only when it is cancelled */
    unsigned n_asked;
    unsigned n_cancelled;
    unsigned n_released; /* answers with rows given back */
    unsigned n_rows_answers;
};

extern struct sky sky;
extern const struct baseapi_provider sky_provider;

/* The rows as they were at first: 3 stars, of which the first has 4 planets and the second 2; one
 * planet has no star. */
void sky_reset(void);

#endif
