/*
 * Serializers: how a payload becomes the body of a message and back.
 *
 * "json" (application/json) and "msgpack" (application/msgpack) carry jansson values; "raw"
 * (application/octet-stream) has no values, only bytes. A program adds others as structures of this
 * kind. The content type of a message chooses the decoder among the built-in ones and those of the
 * consumer; a message without content type, or with an unknown one, goes to the serializer of the
 * consumer's options. Where that one makes no payloads, as "raw", the built-in ones are not asked:
 * handlers get bytes of any content type but those of the consumer's decoders. The same holds for
 * replies to an RPC client.
 */
#ifndef AMQPEXT_SERIALIZER_H
#define AMQPEXT_SERIALIZER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/status.h>

AMQPEXT_BEGIN_DECLS

/* Where a serializer writes; bytes are copied. Since: 0.1 */
struct amqpext_output;
AMQPEXT_API enum amqpext_status amqpext_output_write(struct amqpext_output *output,
                                                     const void *data, size_t size,
                                                     struct amqpext_error *error);

/*
 * A serializer. Constant and valid as long as anything that uses it; its functions are called from
 * several threads at once.
 */
struct amqpext_serializer {
    size_t size; /* sizeof(struct amqpext_serializer) */
    const char *name;
    const char *content_type; /* set on messages, and compared up to ';' where one is read */
    /* Writes the body of `payload`. NULL: only bytes can be published. */
    enum amqpext_status (*encode)(const struct amqpext_serializer *serializer,
                                  const json_t *payload, struct amqpext_output *output,
                                  struct amqpext_error *error);
    /* Makes a payload, which the caller frees, of a body; NULL: handlers get bytes only. */
    enum amqpext_status (*decode)(const struct amqpext_serializer *serializer, const void *body,
                                  size_t size, json_t **out, struct amqpext_error *error);
    void *data;
};

/* The built-in serializer of that name, or NULL. Thread: any thread. Since: 0.1 */
AMQPEXT_API const struct amqpext_serializer *amqpext_serializer_find(const char *name);

/*
 * Encodes and decodes by itself, for tests and for bodies kept elsewhere. The body is freed with
 * free(), the payload with json_decref().
 *
 * JSON is written compact, with non-ASCII escaped; numbers that are no finite ones are refused, as
 * are integers beyond 64 bits where they are read. MessagePack: names must be text; binary and
 * extension values, which JSON does not have, are refused where they are read. Both: text must be
 * UTF-8 and may hold nulls, names may not, nor may a name stand twice in one object. Payloads
 * deeper than 128 levels are refused on both ways, and bodies of more than 1,000,000 objects and
 * arrays, which would take a hundred times their size in memory.
 *
 * Thread:  any thread.
 * Errors:  AMQPEXT_EENCODE, AMQPEXT_EDECODE, AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_encode(const struct amqpext_serializer *serializer,
                                               const json_t *payload, void **body, size_t *size,
                                               struct amqpext_error *error);
AMQPEXT_API enum amqpext_status amqpext_decode(const struct amqpext_serializer *serializer,
                                               const void *body, size_t size, json_t **payload,
                                               struct amqpext_error *error);

AMQPEXT_END_DECLS

#endif
