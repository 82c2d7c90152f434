/*
 * Place: where in a configuration something stands, kept on the stack of those who read it, and
 * errors that begin with it: `promon.json: metrics[2].params.port: …`.
 */
#ifndef PROMON_SRC_CONFIG_PLACE_H
#define PROMON_SRC_CONFIG_PLACE_H

#include <promon/status.h>
#include <stddef.h>

struct promon__place {
    const struct promon__place *parent; /* NULL: the whole configuration */
    const char *name; /* a key; of the whole: the file's name, "" for a text; NULL: an item */
    size_t index; /* of the item in a list */
};

/* Both return the status; the error's message is the place and then the reason. */
enum promon_status promon__wrong(const struct promon__place *place, struct promon_error *error,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Passes an error on that somebody else has met below the place; PROMON_EINVALID becomes
 * PROMON_ECONFIG. A message that begins with a place, such as "params.port: ", continues this one.
 */
enum promon_status promon__wrong_below(const struct promon__place *place,
                                       const struct promon_error *inner,
                                       struct promon_error *error);

#endif
