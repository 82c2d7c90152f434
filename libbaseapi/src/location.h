/*
 * Location: the path of an entity that was made.
 */
#ifndef BASEAPI_SRC_LOCATION_H
#define BASEAPI_SRC_LOCATION_H

#include "request.h"
#include "resource.h"

/* Sets the header from the key in `row`. NULL as response is allowed. */
void baseapi__location_set(struct baseapi_response *response, const struct resource *resource,
                           const struct baseapi_row *row);

#endif
