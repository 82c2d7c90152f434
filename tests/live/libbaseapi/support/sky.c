/*
 * A provider over arrays. One worker, so that nothing here needs a lock.
 */
#include "sky.h"

#include <stdlib.h>
#include <string.h>

#include <baseapi/request.h>

enum { ROWS_MAX = 64, COLUMNS_MAX = 3, NAME_SIZE = 24 };

struct row {
    int64_t id;
    char name[NAME_SIZE];
    int64_t star_id; /* 0: NULL */
};

struct table {
    struct row rows[ROWS_MAX];
    size_t n_rows;
    int64_t last_id;
};

MINIORM_DEFINE(star, STAR_COLUMNS, "stars");
MINIORM_DEFINE(planet, PLANET_COLUMNS, "planets");

struct sky sky;
static struct table stars;
static struct table planets;

static void put(struct table *table, const char *name, int64_t star)
{
    struct row *row = &table->rows[table->n_rows++];

    row->id = ++table->last_id;
    row->star_id = star;
    strcpy(row->name, name);
}

void sky_reset(void)
{
    memset(&sky, 0, sizeof(sky));
    memset(&stars, 0, sizeof(stars));
    memset(&planets, 0, sizeof(planets));
    put(&stars, "Sun", 0);
    put(&stars, "Proxima", 0);
    put(&stars, "Vega", 0);
    put(&planets, "Mars", 1);
    put(&planets, "Earth", 1);
    put(&planets, "Venus", 1);
    put(&planets, "Proxima b", 2);
    put(&planets, "Proxima d", 2);
    put(&planets, "Wanderer", 0);
    put(&planets, "Saturn", 1);
}

static struct table *table_of(const struct baseapi_wish *wish)
{
    return wish->resource->model == &star_model ? &stars : &planets;
}

static struct miniorm_value value_of(const struct row *row, unsigned column)
{
    struct miniorm_value value;

    if (column == planet_name)
        value = miniorm_value_string(row->name);
    else
        value = miniorm_value_integer(column == planet_id ? row->id : row->star_id);
    value.type = planet_model.columns[column].type;
    value.is_null = column == planet_star_id && row->star_id == 0;
    return value;
}

static int compare(const struct miniorm_value *a, const struct miniorm_value *b)
{
    size_t size;
    int order;

    if (a->is_null || b->is_null)
        return a->is_null - b->is_null;
    if (a->type != MINIORM_T_varchar)
        return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    size = a->as.text.size < b->as.text.size ? a->as.text.size : b->as.text.size;
    order = memcmp(a->as.text.data, b->as.text.data, size);
    return order != 0 ? order : (a->as.text.size > size) - (b->as.text.size > size);
}

static bool matches(const struct row *row, const struct baseapi_filter *filter)
{
    const struct miniorm_value value = value_of(row, filter->column);
    bool found = false;

    for (size_t i = 0; i < filter->n_values; i++)
        found |= compare(&value, &filter->values[i]) == 0;
    switch (filter->op) {
    case MINIORM_OP_EQ:
    case MINIORM_OP_IN: return found && !value.is_null;
    case MINIORM_OP_NE:
    case MINIORM_OP_NOT_IN: return !found && !value.is_null;
    case MINIORM_OP_GE: return compare(&value, filter->values) >= 0;
    case MINIORM_OP_LE: return compare(&value, filter->values) <= 0;
    default: abort();
    }
}

static bool is_wished(const struct row *row, const struct baseapi_wish *wish)
{
    for (size_t i = 0; i < wish->n_filters; i++) {
        if (!matches(row, &wish->filters[i]))
            return false;
    }
    return true;
}

static bool has_key(const struct row *row, const struct baseapi_wish *wish, size_t key)
{
    for (size_t i = 0; i < wish->n_key_columns; i++) {
        const struct miniorm_value value = value_of(row, wish->key_columns[i]);

        if (value.is_null || compare(&value, &wish->keys[key * wish->n_key_columns + i]) != 0)
            return false;
    }
    return true;
}

static const struct baseapi_wish *sorted_by;

static int compare_rows(const void *a, const void *b)
{
    for (size_t i = 0; i < sorted_by->n_order; i++) {
        const struct baseapi_order *order = &sorted_by->order[i];
        const struct miniorm_value left = value_of(*(struct row *const *)a, order->column);
        const struct miniorm_value right = value_of(*(struct row *const *)b, order->column);
        const int compared = compare(&left, &right);

        if (compared != 0)
            return order->descending ? -compared : compared;
    }
    return 0;
}

/* Rows under the filters, of one key if it is not SIZE_MAX, in order; before limit and offset. */
static size_t find(const struct baseapi_wish *wish, size_t key, struct row **found)
{
    struct table *table = table_of(wish);
    size_t count = 0;

    for (size_t i = 0; i < table->n_rows; i++) {
        struct row *row = &table->rows[i];

        if (is_wished(row, wish) && (key == SIZE_MAX || has_key(row, wish, key)))
            found[count++] = row;
    }
    sorted_by = wish;
    qsort(found, count, sizeof(*found), compare_rows);
    return count;
}

/* An answer in the making, alive until its rows are released. */
struct reply {
    struct baseapi_answer *answer;
    struct baseapi_rows rows;
    struct miniorm_value values[ROWS_MAX * COLUMNS_MAX];
    struct baseapi_group groups[ROWS_MAX];
    struct row copies[ROWS_MAX];
    size_t n_values;
    uint64_t count;
    bool is_count;
};

static void release(void *data)
{
    sky.n_released++;
    free(data);
}

static void give(void *data)
{
    struct reply *reply = data;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (sky.failure != MINIORM_OK) {
        error.status = sky.failure;
        if (sky.constraint != NULL)
            strcpy(error.constraint, sky.constraint);
        strcpy(error.message, "the sky is falling");
        baseapi_answer_error(reply->answer, &error);
        free(reply);
    } else if (reply->is_count) {
        baseapi_answer_count(reply->answer, reply->count);
        free(reply);
    } else {
        sky.n_rows_answers++;
        reply->rows.release = release;
        reply->rows.data = reply;
        baseapi_answer_rows(reply->answer, &reply->rows);
    }
}

static void on_cancel(struct baseapi_answer *answer, void *data)
{
    (void)answer;
    sky.n_cancelled++;
    give(data);
}

static void answer(const struct baseapi_wish *wish, struct reply *reply)
{
    const struct miniorm_loop *loop = baseapi_worker_loop(baseapi_request_worker(wish->request));

    if (sky.stalls)
        baseapi_answer_on_cancel(reply->answer, on_cancel, reply);
    else if (sky.n_asked++ % 2 == 0)
        give(reply);
    else
        loop->defer(loop->context, give, reply);
}

static struct reply *new_reply(struct baseapi_answer *to)
{
    struct reply *reply = calloc(1, sizeof(*reply));

    reply->answer = to;
    reply->rows.size = sizeof(reply->rows);
    reply->rows.values = reply->values;
    reply->rows.groups = reply->groups;
    return reply;
}

static void add_row(struct reply *reply, const struct row *row, uint64_t columns)
{
    struct row *copy = &reply->copies[reply->rows.n_rows++];

    *copy = *row;
    for (unsigned column = 0; column < COLUMNS_MAX; column++) {
        if ((columns & MINIORM_COLUMN(column)) != 0)
            reply->values[reply->n_values++] = value_of(copy, column);
    }
}

static void get_many(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                     struct baseapi_answer *to)
{
    struct reply *reply = new_reply(to);
    struct row *found[ROWS_MAX];
    const size_t count = find(wish, SIZE_MAX, found);

    (void)provider;
    for (size_t i = wish->offset; i < count && i - wish->offset < wish->limit; i++)
        add_row(reply, found[i], wish->columns);
    answer(wish, reply);
}

static void total_count(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                        struct baseapi_answer *to)
{
    struct reply *reply = new_reply(to);
    struct row *found[ROWS_MAX];

    (void)provider;
    reply->is_count = true;
    reply->count = find(wish, SIZE_MAX, found);
    answer(wish, reply);
}

static void get_many_for_keys(const struct baseapi_provider *provider,
                              const struct baseapi_wish *wish, struct baseapi_answer *to)
{
    struct reply *reply = new_reply(to);
    struct row *found[ROWS_MAX];

    (void)provider;
    for (size_t key = 0; key < wish->n_keys; key++) {
        struct baseapi_group *group = &reply->groups[key];

        group->total = find(wish, key, found);
        group->first = reply->rows.n_rows;
        for (size_t i = wish->offset; i < group->total && i - wish->offset < wish->limit; i++)
            add_row(reply, found[i], wish->columns);
        group->n_rows = reply->rows.n_rows - group->first;
    }
    answer(wish, reply);
}

static void set_values(struct row *row, const struct baseapi_wish *wish)
{
    if ((wish->set & MINIORM_COLUMN(planet_name)) != 0) {
        const struct miniorm_text name = wish->values[planet_name].as.text;

        memcpy(row->name, name.data, name.size);
        row->name[name.size] = '\0';
    }
    if ((wish->set & MINIORM_COLUMN(planet_star_id)) != 0)
        row->star_id =
            wish->values[planet_star_id].is_null ? 0 : wish->values[planet_star_id].as.integer;
}

static void insert(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *to)
{
    struct table *table = table_of(wish);
    struct reply *reply = new_reply(to);

    (void)provider;
    if (sky.failure == MINIORM_OK) {
        put(table, "", 0);
        set_values(&table->rows[table->n_rows - 1], wish);
        add_row(reply, &table->rows[table->n_rows - 1], wish->columns);
    }
    if (sky.answers_twice)
        give(new_reply(to));
    answer(wish, reply);
}

static void update(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                   struct baseapi_answer *to)
{
    struct reply *reply = new_reply(to);
    struct row *found[ROWS_MAX];
    const size_t count = find(wish, SIZE_MAX, found);

    (void)provider;
    for (size_t i = 0; i < count && sky.failure == MINIORM_OK; i++) {
        set_values(found[i], wish);
        add_row(reply, found[i], wish->columns);
    }
    answer(wish, reply);
}

static void remove_rows(const struct baseapi_provider *provider, const struct baseapi_wish *wish,
                        struct baseapi_answer *to)
{
    struct table *table = table_of(wish);
    struct reply *reply = new_reply(to);
    size_t kept = 0;

    (void)provider;
    for (size_t i = 0; i < table->n_rows; i++) {
        if (sky.failure == MINIORM_OK && is_wished(&table->rows[i], wish))
            add_row(reply, &table->rows[i], wish->columns);
        else
            table->rows[kept++] = table->rows[i];
    }
    table->n_rows = kept;
    answer(wish, reply);
}

const struct baseapi_provider sky_provider = {
    .size = sizeof(struct baseapi_provider),
    .get_many = get_many,
    .total_count = total_count,
    .get_many_for_keys = get_many_for_keys,
    .insert = insert,
    .update = update,
    .remove = remove_rows,
};
