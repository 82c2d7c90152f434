/*
 * Exposition: gathered metrics to bytes, one function per format. A writer never fails but for
 * memory, which the text remembers.
 */
#ifndef PROMON_SRC_EXPOSITION_H
#define PROMON_SRC_EXPOSITION_H

#include <promon/page.h>
#include <promon/status.h>
#include <stdbool.h>

#include "gathered.h"
#include "text.h"

struct promon__registry;

void promon__write_text(struct text *out, const struct promon__gathered *gathered);
/* `created`: also x_created samples. */
void promon__write_openmetrics(struct text *out, const struct promon__gathered *gathered,
                               bool created);
void promon__write_openmetrics_2(struct text *out, const struct promon__gathered *gathered);
void promon__write_protobuf(struct text *out, const struct promon__gathered *gathered);

/* What Accept and Accept-Encoding ask for; NULL is as if the header was not there. */
enum promon_format promon__negotiate_format(const char *accept);
bool promon__negotiate_gzip(const char *accept_encoding);

/* The Content-Type of a format; `accept` for the escaping that it names. */
const char *promon__content_type(enum promon_format format, const char *accept);

/*
 * The page of metrics: gathers, writes and, if asked for, compresses, into the buffers of the page.
 * Requests that meet share one gathering and one writing.
 */
struct promon__expositor;

enum promon_status promon__expositor_new(struct promon__registry *registry, bool created,
                                         struct promon__expositor **out,
                                         struct promon_error *error);
void promon__expositor_free(struct promon__expositor *expositor);
void promon__expositor_after_fork(struct promon__expositor *expositor);

/* Fills all of the page but what routes decide. */
enum promon_status promon__expositor_page(struct promon__expositor *expositor,
                                          const struct promon_request *request,
                                          struct promon_page *page, struct promon_error *error);

#endif
