/*
 * Escape: texts of others as part of a document. What is not UTF-8 becomes U+FFFD, one for each
 * wrong byte, so that the document is always valid.
 */
#ifndef PROMON_SRC_ESCAPE_H
#define PROMON_SRC_ESCAPE_H

#include "text.h"

/* A JSON string with its quotes; it has no '<', so that it may stand in a script of a page. */
void promon__escape_json(struct text *out, const char *string);

/* Text or the value of an attribute, of HTML and of SVG. */
void promon__escape_html(struct text *out, const char *string);

#endif
