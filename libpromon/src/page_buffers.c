/*
 * Page buffers: made at the first use of a page, freed by promon_page_clear.
 *
 * Order: begin, writes, end; again and again; clear.
 * Invariant: between begin and end the page is a 500 without a body, so that one that could not be
 * made is never half of an answer.
 */
#include "page_buffers.h"

#include <stdlib.h>

#include "error.h"

static void forget(struct promon_page *page)
{
    page->status = 500;
    page->content_type = page->content_encoding = page->allow = "";
    page->cache_control = "no-store";
    page->vary = page->security_policy = "";
    page->body = "";
    page->body_size = 0;
    page->is_head = false;
}

static void empty(struct text *text)
{
    text->size = 0;
    text->failed = false;
}

struct text *promon__page_begin(struct promon_page *page)
{
    forget(page);
    if (page->buffers == NULL)
        page->buffers = calloc(1, sizeof(*page->buffers));
    if (page->buffers == NULL)
        return NULL;
    empty(&page->buffers->body);
    empty(&page->buffers->encoded);
    return &page->buffers->body;
}

enum promon_status promon__page_end(struct promon_page *page, int status, const char *content_type,
                                    struct promon_error *error)
{
    const struct text *body = &page->buffers->body;

    if (body->failed)
        return promon__fail_memory(error);
    page->status = status;
    page->content_type = content_type;
    page->body = body->size == 0 ? "" : body->data;
    page->body_size = body->size;
    return PROMON_OK;
}

enum promon_status promon__page_text(struct promon_page *page, int status, const char *body,
                                     struct promon_error *error)
{
    struct text *text = promon__page_begin(page);

    if (text == NULL)
        return promon__fail_memory(error);
    text_string(text, body);
    return promon__page_end(page, status, "text/plain; charset=utf-8", error);
}

void promon_page_clear(struct promon_page *page)
{
    if (page->buffers != NULL) {
        text_free(&page->buffers->body);
        text_free(&page->buffers->encoded);
        free(page->buffers);
        page->buffers = NULL;
    }
    forget(page);
    page->status = 0;
}
