/*
 * Health: answers for those who restart, route to and start processes. All is read from stored
 * results.
 */
#ifndef PROMON_SRC_HEALTH_H
#define PROMON_SRC_HEALTH_H

#include "respond.h"

/* Whether the scheduler turns. */
enum promon_status promon__health_live(const struct promon__asked *asked, struct promon_page *page,
                                       struct promon_error *error);

/*
 * Whether no member of the group is down, nor still without a state that it never had; `rest` names
 * the group, "" is "ready".
 */
enum promon_status promon__health_ready(const struct promon__asked *asked, struct promon_page *page,
                                        struct promon_error *error);

/* Whether each member of the group "startup" was up once. */
enum promon_status promon__health_startup(const struct promon__asked *asked,
                                          struct promon_page *page, struct promon_error *error);

#endif
