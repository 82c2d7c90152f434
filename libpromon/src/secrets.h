/*
 * Secrets: texts that a configuration takes from elsewhere, {"env": "NAME"} or {"file": "PATH"}.
 *
 * An error names the variable or the file, and never what was read.
 */
#ifndef PROMON_SRC_SECRETS_H
#define PROMON_SRC_SECRETS_H

#include <jansson.h>
#include <promon/module.h>
#include <promon/status.h>

/* More is no password, no key and no token. */
#define PROMON__MAX_SECRET_BYTES ((size_t)65536)

/*
 * *out is the text that `value`, an object, stands for; released by the caller. Files are looked
 * for in `folder`, NULL: the working one.
 *
 * Errors: PROMON_ECONFIG  it is no secret at all.
 *         PROMON_ESECRET  what it names is not there, or no text of UTF-8 without NUL.
 */
enum promon_status promon__secret_read(const json_t *value, const char *folder, json_t **out,
                                       struct promon_error *error);

/*
 * Puts the texts in the place of all secrets in the parameters of a module: what `rules` call a map
 * is not one itself, but its values may be. Messages begin with "params.NAME: ".
 */
enum promon_status promon__secrets_resolve(json_t *params, const struct promon_param_rule *rules,
                                           const char *folder, struct promon_error *error);

#endif
