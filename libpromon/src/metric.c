/*
 * The public calls that take a monitor: they go to its registry, where names of the library are not
 * the program's.
 */
#include <promon/collect.h>
#include <promon/metric.h>

#include "error.h"
#include "labels.h"
#include "monitor.h"
#include "registry_state.h"

enum promon_status promon_family_add(struct promon *promon,
                                     const struct promon_family_options *options,
                                     struct promon_family **out, struct promon_error *error)
{
    if (promon == NULL || options == NULL)
        return promon__fail(error, PROMON_EINVALID, "family: there is no monitor, or no options");
    if (options->size > offsetof(struct promon_family_options, name) && options->name != NULL &&
        promon__is_reserved_name(options->name))
        return promon__fail(error, PROMON_EINVALID, "%.100s: this name is the library's",
                            options->name);
    return promon__registry_family_add(promon->registry, options, out, error);
}

void promon_family_remove(struct promon *promon, struct promon_family *family)
{
    promon__registry_family_remove(promon->registry, family);
}

enum promon_status promon_collector_add(struct promon *promon, promon_collect_fn collect,
                                        void *data, struct promon_collector **out,
                                        struct promon_error *error)
{
    const struct promon_collector collector = {.collect = collect, .data = data};

    return promon__collector_add(promon->registry, &collector, out, error);
}

void promon_collector_remove(struct promon *promon, struct promon_collector *collector)
{
    promon__registry_collector_remove(promon->registry, collector);
}
