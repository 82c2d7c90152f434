/*
 * Listener: the library's own small HTTP server. It knows nothing of pages: `respond` fills them.
 */
#ifndef PROMON_SRC_LISTENER_H
#define PROMON_SRC_LISTENER_H

#include <promon/monitor.h>
#include <promon/page.h>

struct promon__listener;

typedef enum promon_status (*promon__respond_fn)(void *data, const struct promon_request *request,
                                                 struct promon_page *page);

enum promon_status promon__listener_start(const struct promon_listen_options *options,
                                          promon__respond_fn respond, void *data,
                                          struct promon__listener **out,
                                          struct promon_error *error);
/* Finishes answers under way. NULL is allowed. */
void promon__listener_stop(struct promon__listener *listener);
/*
 * In the child of a fork: the port and the connections are the parent's alone. The rest is left
 * where it is. NULL is allowed.
 */
void promon__listener_after_fork(struct promon__listener *listener);
unsigned promon__listener_port(const struct promon__listener *listener);

#endif
