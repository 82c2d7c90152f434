/*
 * Faults: what a database refuses, and that it cannot be reached, in terms of the client's request.
 *
 * A violated constraint is the client's to mend: 409 where another entity is in the way, 422 where
 * the data is wrong, with pointers to the members concerned. A database that is away or overloaded
 * is 503, one that is too slow 504. Everything else is 500, and its message is for the log alone.
 */
#include "fault.h"

#include <string.h>

#include "constraint.h"

void baseapi__respond_not_found(struct baseapi_request *request)
{
    baseapi_respond_problem(request, 404, BASEAPI_CODE_NOT_FOUND, "404: Not Found");
}

/* One error for each column, or one for the whole object when none is known. */
static void add_for_columns(struct baseapi_request *request, const struct resource *resource,
                            uint64_t columns, const char *code, const char *detail)
{
    if (columns == 0)
        baseapi__add_problem(request, code, NULL, "/data", "%s", detail);
    for (size_t i = 0; i < resource->model->n_columns; i++) {
        if ((columns & COLUMN_BIT(i)) != 0)
            baseapi__add_problem(
                request, code, NULL,
                baseapi__request_format(request, "/data/%s", resource->model->columns[i].name),
                "%s", detail);
    }
}

static void respond_columns(struct baseapi_request *request, const struct level *level,
                            uint64_t columns, unsigned status, const char *detail)
{
    const char *code = status == 422 ? BASEAPI_CODE_SCHEMA : baseapi_status_code_name(status);

    add_for_columns(request, level->resource, columns, code, detail);
    baseapi_respond_added_problems(request, status);
}

static void respond_foreign_key(struct baseapi_request *request, const struct level *level,
                                enum view_kind kind, const struct miniorm_error *error)
{
    const struct resource *resource = level->resource;
    const uint64_t columns = baseapi__constraint_columns(resource->model, error, level->wish.set);

    if (kind == VIEW_DELETE ||
        (kind == VIEW_UPDATE && !baseapi__constraint_is_own(resource->model, error)))
        baseapi_respond_problem(request, 409, baseapi_status_code_name(409),
                                "Other entities refer to this one.");
    else
        respond_columns(request, level, columns, 422, "There is no entity with this key.");
}

/* Whether the error was an answer to what the client sent. */
static bool respond_violation(struct baseapi_request *request, const struct level *level,
                              enum view_kind kind, const struct miniorm_error *error)
{
    const uint64_t columns =
        baseapi__constraint_columns(level->resource->model, error, level->wish.set);

    switch (error->status) {
    case MINIORM_EUNIQUE:
        respond_columns(request, level, columns, 409,
                        "Another entity has this value already, which must be unique.");
        return true;
    case MINIORM_EFOREIGNKEY: respond_foreign_key(request, level, kind, error); return true;
    case MINIORM_ENOTNULL:
        respond_columns(request, level, columns, 422, "The value is required.");
        return true;
    case MINIORM_ECHECK:
        respond_columns(request, level, columns, 422, "The value is not allowed.");
        return true;
    case MINIORM_EVALUE:
        respond_columns(request, level, columns, 422, "The value does not fit.");
        return true;
    default: return false;
    }
}

static void respond_internal(struct baseapi_request *request, const struct miniorm_error *error)
{
    struct baseapi_error inner = BASEAPI_ERROR_INIT;

    inner.status = error->status == MINIORM_ENOMEM ? BASEAPI_ENOMEM : BASEAPI_EDATABASE;
    inner.native_code = (int)error->status;
    memcpy(inner.message, error->message, sizeof(inner.message));
    baseapi_respond_error(request, &inner);
}

void baseapi__respond_fault(struct baseapi_request *request, const struct level *level,
                            enum view_kind kind, const struct miniorm_error *error)
{
    if (kind != VIEW_READ && respond_violation(request, level, kind, error))
        return;
    switch (error->status) {
    case MINIORM_EUNAVAILABLE:
    case MINIORM_ECONNECTION:
    case MINIORM_ERESOURCES:
    case MINIORM_EBUSY:
    case MINIORM_ECONFLICT:
    case MINIORM_ELIMIT:
        baseapi__request_log(request, BASEAPI_LOG_WARNING, "%s", error->message);
        baseapi_respond_problem(request, 503, baseapi_status_code_name(503),
                                "The database is not available now.");
        break;
    case MINIORM_ETIMEDOUT:
    case MINIORM_ECANCELLED:
        baseapi__request_log(request, BASEAPI_LOG_WARNING, "%s", error->message);
        baseapi_respond_problem(request, 504, baseapi_status_code_name(504),
                                "The database did not answer in time.");
        break;
    default: respond_internal(request, error); break;
    }
}
