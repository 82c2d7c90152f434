/* See counting.h. */
#include "counting.h"

#include "test.h"

struct promon *counting_new(void)
{
    struct promon *promon = calloc(1, sizeof(*promon));
    struct promon_error error = PROMON_ERROR_INIT;

    assert_non_null(promon);
    assert_int_equal(promon__registry_new(&promon->registry, &error), PROMON_OK);
    return promon;
}

void counting_free(struct promon *promon)
{
    promon__registry_free(promon->registry);
    free(promon);
}

struct promon_family *counting_family(struct promon *promon, enum promon_kind kind,
                                      const char *name, const char *const *labels)
{
    static const char *const states[] = {"starting", "up", "down", NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_family *family = NULL;

    options.kind = kind;
    options.name = name;
    options.help = "For a test.";
    options.labels = labels;
    options.states = kind == PROMON_STATESET ? states : NULL;
    if (promon_family_add(promon, &options, &family, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return family;
}

struct promon_cell *counting_cell(struct promon *promon, enum promon_kind kind, const char *name)
{
    struct promon_family *family = counting_family(promon, kind, name, NULL);
    struct promon_cell *cell = NULL;

    assert_int_equal(promon_family_cell(family, NULL, &cell, NULL), PROMON_OK);
    assert_non_null(cell);
    return cell;
}

double counting_value(struct promon *promon, const char *name, const char *const *labels)
{
    double value = COUNTING_ABSENT;

    if (promon_value(promon, name, labels, &value, NULL) != PROMON_OK)
        assert_true(value == COUNTING_ABSENT);
    return value;
}
