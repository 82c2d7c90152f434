/*
 * Deadlines: a binary heap of requests.
 *
 * Invariant: requests[i] is not due after its children requests[2i + 1] and requests[2i + 2], and
 * requests[i]->deadline_index is i + 1; a request that is not in the heap has index 0.
 */
#include "deadlines.h"

#include <stdlib.h>

/* A turn's worth of an ordinary client; it doubles from there. */
#define FIRST_CAPACITY 64

static void place(struct miniorm__deadlines *deadlines, size_t at, struct miniorm_request *request)
{
    deadlines->requests[at] = request;
    request->deadline_index = at + 1;
}

static void sift_up(struct miniorm__deadlines *deadlines, size_t at,
                    struct miniorm_request *request)
{
    while (at > 0) {
        const size_t parent = (at - 1) / 2;

        if (deadlines->requests[parent]->deadline_ms <= request->deadline_ms)
            break;
        place(deadlines, at, deadlines->requests[parent]);
        at = parent;
    }
    place(deadlines, at, request);
}

static void sift_down(struct miniorm__deadlines *deadlines, size_t at,
                      struct miniorm_request *request)
{
    size_t child;

    while ((child = 2 * at + 1) < deadlines->count) {
        if (child + 1 < deadlines->count &&
            deadlines->requests[child + 1]->deadline_ms < deadlines->requests[child]->deadline_ms)
            child++;
        if (request->deadline_ms <= deadlines->requests[child]->deadline_ms)
            break;
        place(deadlines, at, deadlines->requests[child]);
        at = child;
    }
    place(deadlines, at, request);
}

static bool grow(struct miniorm__deadlines *deadlines)
{
    const size_t capacity = deadlines->capacity == 0 ? FIRST_CAPACITY : deadlines->capacity * 2;
    struct miniorm_request **requests =
        realloc(deadlines->requests, capacity * sizeof(struct miniorm_request *));

    if (requests == NULL)
        return false;
    deadlines->requests = requests;
    deadlines->capacity = capacity;
    return true;
}

bool miniorm__deadlines_add(struct miniorm__deadlines *deadlines, struct miniorm_request *request)
{
    if (deadlines->count == deadlines->capacity && !grow(deadlines))
        return false;
    sift_up(deadlines, deadlines->count++, request);
    return true;
}

void miniorm__deadlines_remove(struct miniorm__deadlines *deadlines,
                               struct miniorm_request *request)
{
    const size_t at = request->deadline_index - 1;
    struct miniorm_request *last;

    if (request->deadline_index == 0)
        return;
    request->deadline_index = 0;
    last = deadlines->requests[--deadlines->count];
    if (last == request)
        return;
    if (last->deadline_ms < request->deadline_ms)
        sift_up(deadlines, at, last);
    else
        sift_down(deadlines, at, last);
}

struct miniorm_request *miniorm__deadlines_first(const struct miniorm__deadlines *deadlines)
{
    return deadlines->count == 0 ? NULL : deadlines->requests[0];
}

void miniorm__deadlines_free(struct miniorm__deadlines *deadlines)
{
    free(deadlines->requests);
    deadlines->requests = NULL;
}
