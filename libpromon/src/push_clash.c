/* Clashes of labels between a group and what is pushed into it. */
#include "push_clash.h"

#include <string.h>

#include "error.h"

/* The group's value for a label; NULL when it is none of the group's. */
static const char *group_value(const struct promon__push_target *target, const char *name)
{
    size_t i;

    if (strcmp(name, "job") == 0)
        return target->job;
    for (i = 0; target->grouping[i] != NULL; i += 2) {
        if (strcmp(target->grouping[i], name) == 0)
            return target->grouping[i + 1];
    }
    return NULL;
}

static bool has_other_value(const struct promon__gathered_family *family, size_t label,
                            const char *value)
{
    size_t i;

    for (i = 0; i < family->n_series; i++) {
        if (strcmp(family->series[i].label_values[label], value) != 0)
            return true;
    }
    return false;
}

enum promon_status promon__push_check_labels(const struct promon__gathered *gathered,
                                             const struct promon__push_target *target,
                                             struct promon_error *error)
{
    const struct promon__gathered_family *family;
    size_t i, label;

    for (i = 0; i < gathered->n_families; i++) {
        family = &gathered->families[i];
        for (label = 0; label < family->n_labels; label++) {
            const char *value = group_value(target, family->label_names[label]);

            if (value != NULL && has_other_value(family, label, value))
                return promon__fail(error, PROMON_EINVALID,
                                    "push: %s has the label \"%s\" of the group with another value",
                                    family->name, family->label_names[label]);
        }
    }
    return PROMON_OK;
}
