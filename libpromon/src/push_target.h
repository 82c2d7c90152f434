/*
 * Where a pusher sends to and as whom: the options, checked and copied.
 */
#ifndef PROMON_SRC_PUSH_TARGET_H
#define PROMON_SRC_PUSH_TARGET_H

#include <promon/push.h>
#include <stdbool.h>

struct promon__push_target {
    char *url; /* of the group, without user and password */
    char *user, *password, *authorization, *ca_file; /* NULL: none */
    char *job;
    char **grouping; /* pairs, sorted by name, NULL-terminated */
    enum promon_push_mode mode;
    long timeout_ms;
    bool gzip, skip_verify;
};

/* *out holds nothing that must be freed on failure. */
enum promon_status promon__push_target_new(const struct promon_push_options *options,
                                           struct promon__push_target *out,
                                           struct promon_error *error);
void promon__push_target_free(struct promon__push_target *target);

#endif
