/*
 * Parcels and who sent them: rows that carry a checksum of themselves, so that whoever reads one
 * can tell whether it is whole and the one that was asked for.
 */
#ifndef SUPPORT_PARCELS_H
#define SUPPORT_PARCELS_H

#include <stdbool.h>
#include <stddef.h>

#include <baseapi/resource.h>
#include <jansson.h>
#include <miniorm/miniorm.h>

#define SENDER_COLUMNS(X, T)            \
    X(T, int4, id, MINIORM_PRIMARY_KEY) \
    X(T, varchar, name, 0, .max_len = 20)

#define PARCEL_COLUMNS(X, T)                                            \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)              \
    X(T, int4, sender_id, MINIORM_INDEXED, .references = "senders(id)") \
    X(T, int4, number, 0)                                               \
    X(T, text, content, 0)                                              \
    X(T, varchar, checksum, 0, .max_len = 16)

MINIORM_DECLARE(sender, SENDER_COLUMNS);
MINIORM_DECLARE(parcel, PARCEL_COLUMNS);

/* At the beginning every sender, from 1 on, has parcels 1 to PARCELS_EACH; the ids are in order. */
enum { SENDERS = 12, PARCELS_EACH = 25, PARCEL_CONTENT_SIZE = 400, CHECKSUM_SIZE = 17 };

enum miniorm_status parcels_create(struct miniorm_session *session, struct miniorm_error *error);
enum baseapi_status parcels_add(struct baseapi_app *app, struct baseapi_error *error);

/* The content that parcel `number` of a sender has, and what its checksum is. */
void parcels_content(int sender, int number, char content[PARCEL_CONTENT_SIZE]);
void parcels_checksum(int sender, int number, const char *content, char checksum[CHECKSUM_SIZE]);

/* Whether the object is a whole parcel. */
bool parcels_is_whole(const json_t *parcel);

#endif
