/*
 * Pushes of a configuration: one pusher for each item, kept over a reload that does not change it.
 *
 * Order: prepare, beside those that are there; keep or drop what was prepared; start, end, await;
 * free.
 */
#ifndef PROMON_SRC_CONFIG_PUSH_H
#define PROMON_SRC_CONFIG_PUSH_H

#include <promon/push.h>
#include <stdbool.h>

#include "config_draft.h"
#include "fingerprint.h"

struct promon__push {
    struct promon_pusher *pusher;
    struct promon__fingerprint fingerprint;
    bool is_shared; /* in the list before and in the one prepared, until one of them goes */
};

struct promon__pushes {
    struct promon__push *items;
    size_t count;
};

/* *out is what the draft says, with the pushers of `now` where they are the same. */
enum promon_status promon__pushes_prepare(struct promon *promon, const struct promon__draft *draft,
                                          const struct promon__fingerprint_key *key,
                                          struct promon__pushes *now, struct promon__pushes *out,
                                          struct promon_error *error);

/* Puts those prepared in the place of those that are there, or drops them. */
void promon__pushes_keep(struct promon__pushes *now, struct promon__pushes *prepared);
void promon__pushes_drop(struct promon__pushes *now, struct promon__pushes *prepared);

/* Begins periodic pushes of those that do not push yet. */
enum promon_status promon__pushes_start(struct promon__pushes *pushes, struct promon_error *error);
/* Lets all of them make their last push, at the same time, and waits for that. */
void promon__pushes_end(struct promon__pushes *pushes);
void promon__pushes_await(struct promon__pushes *pushes);

void promon__pushes_free(struct promon__pushes *pushes);

#endif
