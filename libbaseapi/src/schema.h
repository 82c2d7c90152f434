/*
 * Schemas of bodies: JSON Schema made from a resource, and the check of a body against one.
 */
#ifndef BASEAPI_SRC_SCHEMA_H
#define BASEAPI_SRC_SCHEMA_H

#include <jansson.h>

#include "resource.h"

/*
 * The schema of a whole body, `{"data":{…}}`, of BASEAPI_CREATE or BASEAPI_UPDATE; a new reference,
 * NULL when memory ran out.
 */
json_t *baseapi__schema_make(const struct resource *resource, enum baseapi_methods method);

/* Most errors of one body that are told: more help nobody, and each costs memory. */
#define SCHEMA_MAX_ERRORS 100

struct schema_report {
    /* `pointer` is RFC 6901; both are borrowed for the call. */
    void (*tell)(void *context, const char *pointer, const char *detail);
    void *context;
    unsigned count; /* errors found, told or not */
    bool failed; /* memory ran out */
};

/*
 * Checks an instance against a schema made of the keywords type, properties, required,
 * additionalProperties, maxLength, minimum, maximum, format and contentEncoding, and tells all
 * errors. Members of `report` other than tell and context are zero before.
 */
void baseapi__schema_check(const json_t *schema, const json_t *instance,
                           struct schema_report *report);

#endif
