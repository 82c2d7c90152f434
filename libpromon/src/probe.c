/*
 * Probes as the program sees them: adding, removing, asking.
 */
#include <promon/config.h>
#include <promon/probe.h>
#include <stdlib.h>

#include "error.h"
#include "monitor.h"
#include "options.h"

struct plans {
    struct promon__plan **items;
    size_t count;
};

static void plans_free(struct plans *plans)
{
    size_t i;

    for (i = 0; i < plans->count; i++)
        promon__plan_free(plans->items[i]);
    free(plans->items);
}

/* A message of a plan names the option, and not the probe. */
static enum promon_status tell(const char *name, const struct promon_error *inner,
                               struct promon_error *error)
{
    if (name == NULL || inner->status == PROMON_ENOMEM)
        return promon__fail_copy(error, inner);
    return promon__fail(error, inner->status, "probe %.60s: %s", name, inner->message);
}

static enum promon_status plan_row(struct promon *promon, const struct promon_probe_options *row,
                                   struct plans *plans, struct promon_error *error)
{
    struct promon_error inner = PROMON_ERROR_INIT;
    const enum promon_status status =
        promon__plan_new(promon, row, &plans->items[plans->count], &inner);

    if (status == PROMON_OK)
        plans->count++;
    else
        (void)tell(row->name, &inner, error);
    return status;
}

/* Rows are as far apart as the program's headers say, which may be older or newer than these. */
static const struct promon_probe_options *row_at(const struct promon_probe_options *table,
                                                 size_t index)
{
    return (const struct promon_probe_options *)(const void *)((const char *)table +
                                                               index * table->size);
}

static enum promon_status add(struct promon *promon, const struct promon_probe_options *table,
                              size_t count, struct promon_error *error)
{
    struct plans plans = {calloc(count + 1, sizeof(struct promon__plan *)), 0};
    enum promon_status status = PROMON_OK;
    size_t i;

    if (plans.items == NULL)
        return promon__fail_memory(error);
    for (i = 0; i < count && status == PROMON_OK; i++)
        status = plan_row(promon, row_at(table, i), &plans, error);
    if (status == PROMON_OK)
        status = promon__engine_add(promon->engine, plans.items, plans.count, error);
    plans_free(&plans);
    return status;
}

enum promon_status promon_probe_add(struct promon *promon,
                                    const struct promon_probe_options *options,
                                    struct promon_error *error)
{
    if (promon == NULL || options == NULL)
        return promon__fail(error, PROMON_EINVALID, "promon_probe_add: no monitor or no options");
    return add(promon, options, 1, error);
}

enum promon_status promon_probes_add(struct promon *promon,
                                     const struct promon_probe_options *table,
                                     struct promon_error *error)
{
    size_t count = 0;

    if (promon == NULL || table == NULL)
        return promon__fail(error, PROMON_EINVALID, "promon_probes_add: no monitor or no table");
    if (table->size < offsetof(struct promon_probe_options, description))
        return promon__fail(error, PROMON_EINVALID, "promon_probes_add: size is not set");
    while (row_at(table, count)->name != NULL) {
        if (row_at(table, count)->size != table->size)
            return promon__fail(error, PROMON_EINVALID,
                                "promon_probes_add: row %zu: size is not that of the first",
                                count + 1);
        count++;
    }
    return add(promon, table, count, error);
}

enum promon_status promon_probe_remove(struct promon *promon, const char *name,
                                       struct promon_error *error)
{
    if (promon == NULL || name == NULL)
        return promon__fail(error, PROMON_EINVALID, "promon_probe_remove: no monitor or no name");
    return promon__engine_remove(promon->engine, name, error);
}

enum promon_status promon_probe_status(struct promon *promon, const char *name,
                                       struct promon_probe_status *out, struct promon_error *error)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    enum promon_status result;

    if (promon == NULL || name == NULL || out == NULL || out->size < sizeof(out->size))
        return promon__fail(error, PROMON_EINVALID,
                            "promon_probe_status: no monitor, no name, or no size of the result");
    result = promon__engine_status(promon->engine, name, &status, error);
    if (result == PROMON_OK)
        promon__figures_copy(out, &status, sizeof(status));
    return result;
}
