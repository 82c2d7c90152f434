/*
 * What modules ask of their parameters; made by promon__params_new of check.h. The functions are
 * those of struct promon_host.
 */
#ifndef PROMON_SRC_PARAMS_H
#define PROMON_SRC_PARAMS_H

#include <promon/module.h>

const char *promon__params_string(const struct promon_params *params, const char *name,
                                  const char *otherwise);
int64_t promon__params_integer(const struct promon_params *params, const char *name,
                               int64_t otherwise);
double promon__params_number(const struct promon_params *params, const char *name,
                             double otherwise);
bool promon__params_boolean(const struct promon_params *params, const char *name, bool otherwise);
const char *promon__params_item(const struct promon_params *params, const char *name, size_t index);
const char *promon__params_entry(const struct promon_params *params, const char *name, size_t index,
                                 const char **key);

#endif
