/*
 * Probes whose verdict the test decides, and the answers of a monitor that has them.
 */
#ifndef TESTS_LIBPROMON_FAKE_PROBE_H
#define TESTS_LIBPROMON_FAKE_PROBE_H

#include <promon/promon.h>

struct fake_probe {
    const char *name;
    const char *description;
    const char *group; /* NULL: none */
    enum promon_verdict verdict;
    enum promon_reason reason; /* when it is not up */
    const char *message;
    int64_t tls_not_after_s; /* 0: no certificate */
};

/* A monitor that does not run; `options` may be NULL. */
struct promon *fake_monitor(const struct promon_options *options);

/* Adds a probe that has run never, and runs it once. The fake is borrowed. */
void fake_probe_add(struct promon *promon, const struct fake_probe *fake);
void fake_probe_run(struct promon *promon, const struct fake_probe *fake);

/* Asks for a path with a query, which may be NULL, and requires that there is an answer. */
void fake_get(struct promon *promon, const char *path, const char *query, struct promon_page *page);

/* Requires an answer of this status and body. */
void fake_expect(struct promon *promon, const char *path, const char *query, int status,
                 const char *body);

/* Puts a check of the past into the history of a probe. */
void fake_remember(struct promon *promon, const char *name, int64_t age_s, bool was_up,
                   int64_t duration_ns);

#endif
