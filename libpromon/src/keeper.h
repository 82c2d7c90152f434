/*
 * Keeper: a thread that does something once a minute and once more when it is stopped, such as
 * writing the history of probes to a file.
 */
#ifndef PROMON_SRC_KEEPER_H
#define PROMON_SRC_KEEPER_H

#include <promon/status.h>

struct promon__keeper;

enum promon_status promon__keeper_start(void (*keep)(void *data), void *data,
                                        struct promon__keeper **out, struct promon_error *error);
/* NULL is allowed. */
void promon__keeper_stop(struct promon__keeper *keeper);

#endif
