/*
 * Views: asking providers, awaiting their answers, and ending.
 *
 * Order: start, ask any number of times (also from `arrived`), go; `finish` once nothing is
 * awaited. A provider may answer before it returns, so nothing here relies on being called later.
 * Invariant: `finish` is called once, with pending 0; the answers' rows are released once, when the
 * view ends or, for an answer nobody needs, at once.
 */
#include "view.h"

#include <string.h>

#include "fault.h"

static void release_rows(struct baseapi_rows *rows)
{
    if (rows->release != NULL)
        rows->release(rows->data);
    rows->release = NULL;
}

static void on_cancel(struct baseapi_request *request, void *data)
{
    struct view *view = data;
    struct baseapi_answer *answer = view->answers;

    (void)request;
    /* A provider that answers at once must not end the view under this loop. */
    view->pending++;
    for (; answer != NULL; answer = answer->next) {
        if (!answer->is_given && answer->cancelled != NULL)
            answer->cancelled(answer, answer->cancelled_data);
    }
    baseapi__view_go(view);
}

struct view *baseapi__view_start(struct baseapi_request *request, const struct resource *resource,
                                 struct level *root, void (*finish)(struct view *view))
{
    struct view *view = arena_alloc(baseapi__request_arena(request), sizeof(*view));

    if (view == NULL) {
        baseapi_respond_error(request, NULL);
        return NULL;
    }
    memset(view, 0, offsetof(struct view, error));
    view->request = request;
    view->resource = resource;
    view->root = root;
    view->finish = finish;
    view->pending = 1;
    return view;
}

void baseapi__view_go(struct view *view)
{
    if (--view->pending == 0)
        view->finish(view);
}

void baseapi__view_fail(struct view *view, enum miniorm_status status, const char *message)
{
    if (view->failed)
        return;
    view->failed = true;
    view->error = (struct miniorm_error){.status = status};
    strncpy(view->error.message, message, sizeof(view->error.message) - 1);
}

/* An answer to be given; NULL when none is asked for any more. */
static struct baseapi_answer *new_answer(struct view *view)
{
    struct baseapi_answer *answer;

    /* A change must not be made behind an answer that told of its failure. */
    if (view->failed || baseapi_request_is_cancelled(view->request))
        return NULL;
    answer = arena_zeroed(baseapi__request_arena(view->request), 1, sizeof(*answer));
    if (answer == NULL)
        baseapi__view_fail(view, MINIORM_ENOMEM, "out of memory");
    return answer;
}

void baseapi__view_ask(struct view *view, struct level *level, view_ask_fn ask,
                       void (*arrived)(struct baseapi_answer *answer))
{
    struct baseapi_answer *answer = new_answer(view);

    if (answer == NULL)
        return;
    answer->view = view;
    answer->level = level;
    answer->arrived = arrived;
    answer->next = view->answers;
    view->answers = answer;
    level->stride = (size_t)__builtin_popcountll(level->wish.columns);
    view->pending++;
    baseapi_request_on_cancel(view->request, on_cancel, view);
    ask(level->resource->provider, &level->wish, answer);
}

/* Takes the answer once; false for a second one. */
static bool take(struct baseapi_answer *answer)
{
    if (answer->is_given)
        return false;
    answer->is_given = true;
    answer->cancelled = NULL;
    return true;
}

static void arrive(struct baseapi_answer *answer)
{
    struct view *view = answer->view;

    if (!view->failed && !baseapi_request_is_cancelled(view->request))
        answer->arrived(answer);
    baseapi__view_go(view);
}

void baseapi_answer_rows(struct baseapi_answer *answer, const struct baseapi_rows *rows)
{
    struct baseapi_rows copy = {0};

    memcpy(&copy, rows, rows->size < sizeof(copy) ? rows->size : sizeof(copy));
    if (!take(answer)) {
        release_rows(&copy);
        return;
    }
    answer->rows = copy;
    arrive(answer);
}

void baseapi_answer_count(struct baseapi_answer *answer, uint64_t count)
{
    if (!take(answer))
        return;
    answer->count = count;
    arrive(answer);
}

void baseapi_answer_error(struct baseapi_answer *answer, const struct miniorm_error *error)
{
    struct view *view = answer->view;

    if (!take(answer))
        return;
    if (!view->failed) {
        view->failed = true;
        view->error = *error;
    }
    baseapi__view_go(view);
}

void baseapi_answer_on_cancel(struct baseapi_answer *answer, baseapi_answer_cancelled_fn cancelled,
                              void *data)
{
    if (answer->is_given)
        return;
    answer->cancelled = cancelled;
    answer->cancelled_data = data;
}

size_t baseapi__level_cell(const struct level *level, unsigned column)
{
    return (size_t)__builtin_popcountll(level->wish.columns & (COLUMN_BIT(column) - 1));
}

/* What every end of a view does before the request is given back. */
static void end(struct view *view)
{
    struct baseapi_answer *answer = view->answers;

    baseapi_request_on_cancel(view->request, NULL, NULL);
    for (; answer != NULL; answer = answer->next)
        release_rows(&answer->rows);
}

void baseapi__view_respond(struct view *view, unsigned status, struct text *body)
{
    end(view);
    baseapi__respond_text_take(view->request, status, body);
}

void baseapi__view_respond_response(struct view *view, struct baseapi_response *response,
                                    struct text *body)
{
    end(view);
    /* An answer that lost its body is none. */
    if (body != NULL && response != NULL &&
        baseapi__response_text_take(response, body) != BASEAPI_OK)
        response = NULL;
    if (body != NULL)
        text_free(body);
    baseapi_request_respond(view->request, response);
}

void baseapi__view_respond_not_found(struct view *view)
{
    end(view);
    baseapi__respond_not_found(view->request);
}

void baseapi__view_respond_too_many(struct view *view)
{
    end(view);
    baseapi__add_problem(view->request, BASEAPI_CODE_QUERY_PARAMETER, "include", NULL,
                         "Requested includes have too many rows. Maximum is %d", BASEAPI_MAX_ROWS);
    baseapi_respond_added_problems(view->request, 422);
}

void baseapi__view_respond_problems(struct view *view, unsigned status)
{
    end(view);
    baseapi_respond_added_problems(view->request, status);
}

void baseapi__view_respond_problem(struct view *view, unsigned status, const char *code,
                                   const char *detail)
{
    end(view);
    baseapi_respond_problem(view->request, status, code, detail);
}

void baseapi__view_respond_error(struct view *view, const struct baseapi_error *error)
{
    end(view);
    baseapi_respond_error(view->request, error);
}

bool baseapi__view_respond_failure(struct view *view)
{
    if (view->failed) {
        end(view);
        baseapi__respond_fault(view->request, view->root, view->kind, &view->error);
    } else if (view->too_many) {
        baseapi__view_respond_too_many(view);
    } else if (baseapi_request_is_cancelled(view->request)) {
        /* Nobody reads it, and not all answers may be there to be written. */
        end(view);
        baseapi_respond_status(view->request, 503);
    } else {
        return false;
    }
    return true;
}
