/*
 * Respond: which page answers which path, for promon_respond and the listener.
 */
#ifndef PROMON_SRC_RESPOND_H
#define PROMON_SRC_RESPOND_H

#include <promon/page.h>

struct promon;

/* The listener's function; `data` is the monitor. */
enum promon_status promon__respond(void *data, const struct promon_request *request,
                                   struct promon_page *page);

#endif
