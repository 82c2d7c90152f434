/*
 * Respond: which page answers which path, for promon_respond and the listener.
 */
#ifndef PROMON_SRC_RESPOND_H
#define PROMON_SRC_RESPOND_H

#include <promon/page.h>

struct promon;

/* What a page is asked for: a complete request, and what of the path is the page's own. */
struct promon__asked {
    struct promon *promon;
    const struct promon_request *request;
    const char *rest; /* "" or, behind "/readyz/", the name of a group */
};

/*
 * Fills the page. Errors: PROMON_ENOTFOUND: there is nothing by that name, which is answered with
 * 404; PROMON_ENOMEM.
 */
typedef enum promon_status (*promon__page_fn)(const struct promon__asked *asked,
                                              struct promon_page *page, struct promon_error *error);

/* The listener's function; `data` is the monitor. */
enum promon_status promon__respond(void *data, const struct promon_request *request,
                                   struct promon_page *page);

#endif
