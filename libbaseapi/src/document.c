/*
 * Documents of answers: rows with their includes inside them.
 *
 * Rows are counted as they are written, because a row that several parents include is fetched once
 * and written several times.
 */
#include "view.h"

#include "json_writer.h"

static void write_meta(struct text *text, size_t count, uint64_t total, uint64_t offset)
{
    text_string(text, "],\"meta\":{\"count\":");
    text_unsigned(text, count);
    text_string(text, ",\"total_count\":");
    text_unsigned(text, total);
    text_string(text, ",\"offset\":");
    text_unsigned(text, offset);
    text_string(text, "}}");
}

static bool write_rows(struct text *text, const struct level *level, size_t first, size_t count,
                       size_t *n_rows)
{
    for (size_t row = first; row < first + count; row++) {
        if (row != first)
            text_char(text, ',');
        if (!baseapi__write_entity(text, level, row, n_rows))
            return false;
    }
    return true;
}

static bool write_include(struct text *text, const struct level *child, size_t parent_row,
                          size_t *n_rows)
{
    static const struct baseapi_group nothing;
    const size_t number = child->group_of[parent_row];
    const struct baseapi_group *group = number == NO_GROUP ? &nothing : &child->rows.groups[number];

    text_bytes(text, child->include->prefix, child->include->prefix_size);
    if (!write_rows(text, child, group->first, group->n_rows, n_rows))
        return false;
    write_meta(text, group->n_rows, group->total, child->wish.offset);
    return true;
}

bool baseapi__write_entity(struct text *text, const struct level *level, size_t row, size_t *n_rows)
{
    if (++*n_rows > BASEAPI_MAX_ROWS)
        return false;
    baseapi__json_row(text, level->resource, level->wish.columns, level->shown,
                      &level->rows.values[row * level->stride], level->rows.json_unchecked);
    for (const struct level *child = level->children; child != NULL; child = child->next) {
        if (!write_include(text, child, row, n_rows))
            return false;
    }
    text_char(text, '}');
    return true;
}

bool baseapi__write_list(struct text *text, const struct level *level)
{
    size_t n_rows = 0;

    text_string(text, "{\"data\":[");
    if (!write_rows(text, level, 0, level->rows.n_rows, &n_rows))
        return false;
    write_meta(text, level->rows.n_rows, level->total, level->wish.offset);
    return true;
}
