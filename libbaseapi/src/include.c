/*
 * Includes: one question for the included rows of all rows of a level, whatever their number.
 *
 * Order: when the rows of a level have arrived, the different keys of each include are collected
 * and asked for, all includes of the level at once; their rows are a level of their own.
 * Invariant: group_of[i] is the number of the key of parent row i among the keys of the wish, or
 * NO_GROUP. A question that could bring more than BASEAPI_MAX_ROWS rows first asks for the totals.
 */
#include "view.h"

#include <string.h>

#include "key_table.h"

/* The values of the include's columns in a row of the parent, in the included columns' types; false
 * when one is NULL or fits no row there. */
static bool read_key(const struct level *child, size_t row, struct miniorm_value *key)
{
    const struct level *parent = child->parent;
    const struct miniorm_value *values = &parent->rows.values[row * parent->stride];

    for (size_t i = 0; i < child->include->n_pairs; i++) {
        const struct miniorm_value *value =
            &values[baseapi__level_cell(parent, child->include->own[i])];
        const enum miniorm_type type =
            child->resource->model->columns[child->include->theirs[i]].type;

        if (value->is_null)
            return false;
        if (value->type == type)
            key[i] = *value;
        else if (miniorm_value_convert(value, type, &key[i], NULL) != MINIORM_OK)
            return false;
    }
    return true;
}

/* Collects the different keys of the parent's rows. False when memory ran out. */
static bool collect_keys(struct arena *arena, struct level *child)
{
    const size_t n_rows = child->parent->rows.n_rows;
    const size_t n_pairs = child->include->n_pairs;
    struct miniorm_value *keys = arena_alloc(arena, n_rows * n_pairs * sizeof(*keys));
    struct key_table table;

    child->group_of = arena_alloc(arena, n_rows * sizeof(*child->group_of));
    if (keys == NULL || child->group_of == NULL ||
        !baseapi__key_table_new(arena, &table, keys, n_pairs, n_rows))
        return false;
    for (size_t row = 0; row < n_rows; row++) {
        /* The next free place of the array is where a key is read to. */
        child->group_of[row] = read_key(child, row, &keys[table.n_keys * n_pairs])
                                   ? baseapi__key_table_add(&table)
                                   : NO_GROUP;
    }
    child->wish.keys = keys;
    child->wish.n_keys = table.n_keys;
    child->wish.key_columns = child->include->theirs;
    child->wish.n_key_columns = n_pairs;
    return true;
}

/* Rows that the answer can have at most. */
static bool may_be_too_many(const struct level *child)
{
    const uint64_t limit = child->include->is_single ? 1 : child->wish.limit;

    return limit != 0 && child->wish.n_keys > BASEAPI_MAX_ROWS / limit;
}

/* A provider that forgot the groups cannot be shown. */
static bool has_groups(struct baseapi_answer *answer)
{
    if (answer->rows.groups != NULL)
        return true;
    baseapi__view_fail(answer->view, MINIORM_EPROTOCOL, "the provider answered without groups");
    return false;
}

static void totals_arrived(struct baseapi_answer *answer)
{
    struct level *child = answer->level;
    struct view *view = answer->view;
    uint64_t rows = 0;

    if (!has_groups(answer))
        return;
    child->wish.limit = child->limit;
    for (size_t i = 0; i < child->wish.n_keys; i++) {
        const uint64_t total = answer->rows.groups[i].total;
        const uint64_t left = total > child->wish.offset ? total - child->wish.offset : 0;

        rows += left < child->limit ? left : child->limit;
    }
    if (rows > BASEAPI_MAX_ROWS)
        view->too_many = true;
    else
        baseapi__view_ask(view, child, child->resource->provider->get_many_for_keys,
                          baseapi__level_arrived);
}

static void ask(struct view *view, struct level *child)
{
    void (*arrived)(struct baseapi_answer * answer) = baseapi__level_arrived;

    if (!collect_keys(baseapi__request_arena(view->request), child)) {
        baseapi__view_fail(view, MINIORM_ENOMEM, "out of memory for the keys of an include");
        return;
    }
    if (child->wish.n_keys == 0)
        return;
    if (may_be_too_many(child)) {
        child->limit = child->wish.limit;
        child->wish.limit = 0;
        arrived = totals_arrived;
    }
    baseapi__view_ask(view, child, child->resource->provider->get_many_for_keys, arrived);
}

void baseapi__level_arrived(struct baseapi_answer *answer)
{
    struct level *level = answer->level;

    if (level->include != NULL && !has_groups(answer))
        return;
    level->rows = answer->rows;
    if (level->rows.n_rows == 0)
        return;
    for (struct level *child = level->children; child != NULL; child = child->next)
        ask(answer->view, child);
}
