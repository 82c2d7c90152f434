/*
 * Draft: a configuration that was read, its settings checked, and not taken yet.
 *
 * Order: from a file or a text; look at it, take its settings; free.
 */
#ifndef PROMON_SRC_CONFIG_DRAFT_H
#define PROMON_SRC_CONFIG_DRAFT_H

#include <jansson.h>
#include <stddef.h>

#include "settings.h"

struct promon__draft {
    struct promon__settings settings;
    json_t *root;
    json_t *metrics, *push; /* of the root; NULL: none */
    char *path; /* of the file, as it was given; NULL: a text */
    char *name; /* of the file, for errors; NULL: a text */
    char *folder; /* of the file; NULL: the working one */
};

/*
 * `base` are the settings that the configuration changes. *out holds nothing that must be freed on
 * failure.
 */
enum promon_status promon__draft_from_file(const struct promon__settings *base, const char *path,
                                           struct promon__draft *out, struct promon_error *error);
enum promon_status promon__draft_from_json(const struct promon__settings *base, const char *json,
                                           size_t size, struct promon__draft *out,
                                           struct promon_error *error);

void promon__draft_free(struct promon__draft *draft);

/*
 * Whether a monitor with settings `now` can take those of the draft. While it runs it can take no
 * other ones; before, all but what it is made of.
 *
 * Errors: PROMON_ESTATE  the message tells which one.
 */
enum promon_status promon__draft_permit(const struct promon__draft *draft,
                                        const struct promon__settings *now, bool is_running,
                                        struct promon_error *error);

#endif
