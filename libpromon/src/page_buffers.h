/*
 * Page buffers: the memory of a page, kept from one answer to the next, and the way in which every
 * answer is made: begun, its body written, ended.
 */
#ifndef PROMON_SRC_PAGE_BUFFERS_H
#define PROMON_SRC_PAGE_BUFFERS_H

#include <promon/page.h>

#include "text.h"

struct promon_page_buffers {
    struct text body;
    struct text encoded; /* the body compressed */
};

/*
 * Empties a page, so that it is an answer 500 without a body, and returns where its body is
 * written. NULL when memory ran out.
 */
struct text *promon__page_begin(struct promon_page *page);

/*
 * Makes the page an answer of what was written. Errors: PROMON_ENOMEM: not all could be written;
 * the page is as promon__page_begin has left it.
 */
enum promon_status promon__page_end(struct promon_page *page, int status, const char *content_type,
                                    struct promon_error *error);

/* An answer of a few words, as text. */
enum promon_status promon__page_text(struct promon_page *page, int status, const char *body,
                                     struct promon_error *error);

#endif
