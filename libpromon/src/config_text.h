/* The text of a configuration as JSON. */
#ifndef PROMON_SRC_CONFIG_TEXT_H
#define PROMON_SRC_CONFIG_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "config_place.h"

/* *out is released by the caller. Errors name line and column, and show nothing of the values. */
enum promon_status promon__config_parse(const char *json, size_t size,
                                        const struct promon__place *whole, json_t **out,
                                        struct promon_error *error);

#endif
