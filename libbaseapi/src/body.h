/*
 * Bodies: `{"data":{…}}` checked and turned into values of columns.
 */
#ifndef BASEAPI_SRC_BODY_H
#define BASEAPI_SRC_BODY_H

#include "request.h"
#include "resource.h"

/*
 * The object under "data" of a body that passes the schema of `method`. `key` is the primary key of
 * the entity to update, which the body may repeat but not change.
 *
 * Errors:  BASEAPI_EFORMAT   not JSON: an answer of 400.
 *          BASEAPI_EINVALID  errors were added to the request: an answer of 422.
 *          BASEAPI_ENOMEM
 */
enum baseapi_status baseapi__body_read(struct baseapi_request *request,
                                       const struct resource *resource, enum baseapi_methods method,
                                       const struct miniorm_value *key, json_t **object);

/*
 * Values of the members of the object, by column number, and which columns they are. Members that
 * are part of `without` are left out.
 *
 * Errors:  BASEAPI_EINVALID  a member is no column or does not fit it.
 *          BASEAPI_ENOMEM
 */
enum baseapi_status baseapi__body_values(struct arena *arena, const struct resource *resource,
                                         json_t *object, uint64_t without, uint64_t *set,
                                         struct miniorm_value **values,
                                         struct baseapi_error *error);

#endif
