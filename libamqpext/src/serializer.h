/*
 * Serializers inside of the library: where they write, how one is chosen, and calls that survive
 * what a program's own serializer may do wrong.
 */
#ifndef AMQPEXT_SRC_SERIALIZER_H
#define AMQPEXT_SRC_SERIALIZER_H

#include <amqpext/serializer.h>

#include "text.h"

/* Levels of objects and arrays: deep enough for anything real, shallow enough for any stack. */
enum { SERIALIZER_DEPTH_MAX = 128 };

/*
 * Most objects and arrays in a body that is decoded. An empty one takes one or two bytes there and
 * some 250 in memory, so that without a limit a body could grow a hundredfold.
 */
enum { SERIALIZER_CONTAINERS_MAX = 1000000 };

struct amqpext_output {
    struct text text;
};

extern const struct amqpext_serializer amqpext__serializer_json;
extern const struct amqpext_serializer amqpext__serializer_msgpack;

/*
 * The serializer that options mean: `custom` if it is set, else the built-in one of that name, NULL
 * meaning "json". Errors: AMQPEXT_EINVALID.
 */
enum amqpext_status amqpext__serializer_resolve(const char *name,
                                                const struct amqpext_serializer *custom,
                                                const struct amqpext_serializer **out,
                                                struct amqpext_error *error);

/*
 * Whether a program's serializer can be used: its size, name and content type are set. Errors:
 * AMQPEXT_EINVALID.
 */
enum amqpext_status amqpext__serializer_check(const struct amqpext_serializer *serializer,
                                              struct amqpext_error *error);

/*
 * The decoder of a content type (NULL allowed): the first of `decoders`, then `otherwise` and the
 * built-in ones, that has it; else `otherwise`.
 */
const struct amqpext_serializer *amqpext__serializer_for(
    const char *content_type, const struct amqpext_serializer *otherwise,
    const struct amqpext_serializer *const *decoders, size_t n_decoders);

/*
 * The decoder of what was received. As above, but who has chosen a serializer that makes no
 * payloads wants bytes: then the built-in ones are not asked. A queue of dead letters can be read
 * so, in which are bodies that are not what their content type says.
 */
const struct amqpext_serializer *amqpext__serializer_to_read(
    const char *content_type, const struct amqpext_serializer *own,
    const struct amqpext_serializer *const *decoders, size_t n_decoders);

/* Appends the encoded payload to `out`, whose contents mean nothing after a failure. */
enum amqpext_status amqpext__serializer_encode(const struct amqpext_serializer *serializer,
                                               const json_t *payload, struct text *out,
                                               struct amqpext_error *error);

/* As amqpext_decode, but *out is NULL when the serializer makes no payloads. */
enum amqpext_status amqpext__serializer_decode(const struct amqpext_serializer *serializer,
                                               const void *body, size_t size, json_t **out,
                                               struct amqpext_error *error);

#endif
