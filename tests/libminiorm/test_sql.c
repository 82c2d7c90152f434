/*
 * Tests of rendering: the statements of both databases, their parameters, and what is said of the
 * answer.
 */
#include <stdio.h>

#include "shelf.h"

#include "arena.h"
#include "operation.h"

struct rendered {
    struct arena arena;
    struct miniorm__operation operation;
};

static void render(struct miniorm_query *query, enum miniorm_dialect dialect, struct rendered *out)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    memset(out, 0, sizeof(*out));
    if (miniorm__operation_render(query, dialect, &out->arena, &out->operation, &error) !=
        MINIORM_OK)
        fail_msg("%s", error.message);
}

static void select_answers_all_columns_in_order(void **state)
{
    struct miniorm_query *query = miniorm_query_select(&author_model);
    struct rendered rendered;
    size_t i;

    (void)state;
    render(query, MINIORM_POSTGRESQL, &rendered);
    assert_ptr_equal(rendered.operation.model, &author_model);
    assert_int_equal(rendered.operation.traffic, MINIORM__READ);
    assert_int_equal(rendered.operation.n_columns, author__count);
    for (i = 0; i < author__count; i++) {
        assert_int_equal(rendered.operation.columns[i].model_column, i);
        assert_int_equal(rendered.operation.columns[i].type, author_model.columns[i].type);
    }
    assert_int_equal(rendered.operation.statements[0].n_parameters, 0);
    arena_free(&rendered.arena);
    expect_sql(query, "SELECT " ALL_OF_AUTHOR " FROM \"authors\"",
               "SELECT " ALL_OF_AUTHOR " FROM \"authors\"");
}

static void order_limit_and_offset_are_written(void **state)
{
    struct miniorm_query *query = miniorm_query_select(&book_model);

    (void)state;
    miniorm_query_columns(query, MINIORM_COLUMN(book_id));
    miniorm_query_order_by(query, book_name, MINIORM_DESC);
    miniorm_query_order_by(query, book_price, MINIORM_ASC);
    miniorm_query_order_by(query, book_price, MINIORM_DESC);
    miniorm_query_order_by(query, book_price, MINIORM_ASC_NULLS_FIRST);
    miniorm_query_order_by(query, book_price, MINIORM_DESC_NULLS_LAST);
    miniorm_query_order_by_raw(query, "lower(name)");
    miniorm_query_limit(query, 20);
    miniorm_query_offset(query, 40);
    miniorm_query_for_update(query);
    expect_sql(query,
               "SELECT \"id\" FROM \"books\" ORDER BY \"name\" DESC, \"price\", \"price\" DESC, "
               "\"price\" NULLS FIRST, \"price\" DESC NULLS LAST, lower(name) LIMIT $1 OFFSET $2 "
               "FOR UPDATE",
               "SELECT \"id\" FROM \"books\" ORDER BY \"name\" DESC, \"price\" NULLS LAST, "
               "\"price\" DESC NULLS FIRST, \"price\", \"price\" DESC, lower(name) LIMIT ?1 OFFSET "
               "?2");
    query = miniorm_query_offset(miniorm_query_select(&author_model), 1);
    expect_sql(query, "SELECT " ALL_OF_AUTHOR " FROM \"authors\" OFFSET $1",
               "SELECT " ALL_OF_AUTHOR " FROM \"authors\" LIMIT -1 OFFSET ?1");
}

static void limits_beyond_the_databases_become_the_largest(void **state)
{
    struct miniorm_query *query = miniorm_query_select(&author_model);
    struct rendered rendered;

    (void)state;
    miniorm_query_limit(query, UINT64_MAX);
    miniorm_query_offset(query, UINT64_MAX);
    render(query, MINIORM_SQLITE, &rendered);
    assert_int_equal(rendered.operation.statements[0].parameters[0].values[0].as.integer,
                     INT64_MAX);
    assert_int_equal(rendered.operation.statements[0].parameters[1].values[0].as.integer,
                     INT64_MAX);
    arena_free(&rendered.arena);
    miniorm_query_free(query);
}

static void count_answers_one_number(void **state)
{
    struct miniorm_query *query = miniorm_query_count(&book_model);
    struct rendered rendered;

    (void)state;
    miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(book_author_id, 1)));
    render(query, MINIORM_SQLITE, &rendered);
    assert_int_equal(rendered.operation.n_columns, 1);
    assert_int_equal(rendered.operation.columns[0].model_column, -1);
    assert_int_equal(rendered.operation.columns[0].type, MINIORM_T_int8);
    arena_free(&rendered.arena);
    expect_sql(query, "SELECT count(*) FROM \"books\" WHERE \"author_id\" = $1",
               "SELECT count(*) FROM \"books\" WHERE \"author_id\" = ?1");
}

static void insert_of_nothing_inserts_defaults(void **state)
{
    (void)state;
    expect_sql(miniorm_query_returning(miniorm_query_insert(&author_model), 0),
               "INSERT INTO \"authors\" DEFAULT VALUES RETURNING " ALL_OF_AUTHOR,
               "INSERT INTO \"authors\" DEFAULT VALUES RETURNING " ALL_OF_AUTHOR);
}

static struct miniorm_query *insert_alike(size_t count)
{
    struct miniorm_query *query = miniorm_query_insert(&author_model);
    size_t i;

    for (i = 0; i < count; i++) {
        if (i > 0)
            miniorm_query_next_row(query);
        miniorm_query_set(query, author_email, miniorm_value_string("e"));
        miniorm_query_set(query, author_name, miniorm_value_string("n"));
        miniorm_query_set(query, author_id, miniorm_value_integer((int64_t)i));
    }
    return miniorm_query_returning(query, MINIORM_COLUMN(author_id));
}

static void rows_alike_are_one_statement_of_arrays(void **state)
{
    const size_t counts[] = {2, 3, 1000};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        expect_sql(insert_alike(counts[i]),
                   "INSERT INTO \"authors\" (" ALL_OF_AUTHOR ") SELECT c0,c1,c2 FROM "
                   "unnest($1,$2,$3) WITH ORDINALITY AS r (c0,c1,c2,o) ORDER BY o RETURNING \"id\"",
                   "INSERT INTO \"authors\" (" ALL_OF_AUTHOR ") VALUES (?1,?2,?3) RETURNING "
                   "\"id\"");
}

static void array_parameters_hold_the_rows_in_order(void **state)
{
    struct miniorm_query *query = insert_alike(100);
    struct rendered rendered;
    const struct miniorm__parameter *ids;
    size_t i;

    (void)state;
    render(query, MINIORM_POSTGRESQL, &rendered);
    assert_int_equal(rendered.operation.traffic, MINIORM__WRITE);
    assert_int_equal(rendered.operation.n_statements, 1);
    assert_int_equal(rendered.operation.statements[0].n_parameters, 3);
    ids = &rendered.operation.statements[0].parameters[0];
    assert_true(ids->is_array);
    assert_int_equal(ids->type, MINIORM_T_int4);
    assert_int_equal(ids->n_values, 100);
    for (i = 0; i < 100; i++)
        assert_int_equal(ids->values[i].as.integer, i);
    arena_free(&rendered.arena);
    miniorm_query_free(query);
}

static void sqlite_has_a_statement_per_row_that_shares_its_text(void **state)
{
    struct miniorm_query *query = insert_alike(100);
    struct rendered rendered;
    size_t i;

    (void)state;
    render(query, MINIORM_SQLITE, &rendered);
    assert_int_equal(rendered.operation.n_statements, 100);
    for (i = 0; i < 100; i++) {
        const struct miniorm__statement *statement = &rendered.operation.statements[i];

        assert_ptr_equal(statement->sql, rendered.operation.statements[0].sql);
        assert_int_equal(statement->hash, rendered.operation.statements[0].hash);
        assert_int_equal(statement->parameters[0].values[0].as.integer, i);
    }
    arena_free(&rendered.arena);
    miniorm_query_free(query);
}

static void rows_that_differ_take_defaults(void **state)
{
    struct miniorm_query *query = miniorm_query_insert(&author_model);

    (void)state;
    miniorm_query_set(query, author_name, miniorm_value_string("n"));
    miniorm_query_next_row(query);
    miniorm_query_set(query, author_name, miniorm_value_string("n"));
    miniorm_query_set(query, author_email, miniorm_value_null());
    miniorm_query_next_row(query);
    expect_sql(query,
               "INSERT INTO \"authors\" (\"name\",\"email\") VALUES "
               "($1,DEFAULT),($2,$3),(DEFAULT,DEFAULT)",
               "INSERT INTO \"authors\" (\"name\") VALUES (?1);\n"
               "INSERT INTO \"authors\" (\"name\",\"email\") VALUES (?1,?2);\n"
               "INSERT INTO \"authors\" DEFAULT VALUES");
    expect_sql(miniorm_query_next_row(miniorm_query_insert(&author_model)),
               "INSERT INTO \"authors\" (\"id\") VALUES (DEFAULT),(DEFAULT)",
               "INSERT INTO \"authors\" DEFAULT VALUES");
}

static void rows_of_many_shapes_keep_their_texts(void **state)
{
    struct miniorm_query *query = miniorm_query_insert(&book_model);
    struct rendered rendered;
    size_t i;

    (void)state;
    for (i = 0; i < 64; i++) {
        unsigned column;

        if (i > 0)
            miniorm_query_next_row(query);
        for (column = 0; column < 4; column++) {
            if ((i * 7 % 16 >> column & 1) != 0)
                miniorm_query_set(query, column, miniorm_value_string("1"));
        }
    }
    render(query, MINIORM_SQLITE, &rendered);
    for (i = 0; i < 64; i++)
        assert_int_equal(rendered.operation.statements[i].n_parameters,
                         __builtin_popcount((unsigned)(i * 7 % 16)));
    for (i = 16; i < 64; i++)
        assert_string_equal(rendered.operation.statements[i].sql,
                            rendered.operation.statements[i - 16].sql);
    arena_free(&rendered.arena);
    miniorm_query_free(query);
}

static void too_many_parameters_are_a_limit(void **state)
{
    struct miniorm_query *query = miniorm_query_insert(&author_model);
    size_t i;

    (void)state;
    for (i = 0; i < 65536; i++) {
        if (i > 0)
            miniorm_query_next_row(query);
        miniorm_query_set(query, i % 2 == 0 ? author_name : author_email,
                          miniorm_value_string("n"));
    }
    expect_failure(query, MINIORM_POSTGRESQL, MINIORM_ELIMIT, "65535 parameters");
}

static void update_and_delete_want_a_where(void **state)
{
    struct miniorm_query *query = miniorm_query_update(&author_model);

    (void)state;
    miniorm_query_set(query, author_name, miniorm_value_string("n"));
    expect_failure(query, MINIORM_POSTGRESQL, MINIORM_EINVALID, "update of authors without");
    expect_failure(miniorm_query_delete(&author_model), MINIORM_SQLITE, MINIORM_EINVALID,
                   "delete of authors without");
    expect_failure(miniorm_query_where(miniorm_query_update(&author_model), MINIORM_ALL),
                   MINIORM_SQLITE, MINIORM_EINVALID, "sets nothing");
    expect_sql(miniorm_query_where(miniorm_query_delete(&author_model), MINIORM_ALL),
               "DELETE FROM \"authors\"", "DELETE FROM \"authors\"");
}

static void update_writes_columns_in_order_and_returns(void **state)
{
    struct miniorm_query *query = miniorm_query_update(&author_model);

    (void)state;
    miniorm_query_set(query, author_email, miniorm_value_null());
    miniorm_query_set(query, author_name, miniorm_value_string("n"));
    miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(author_id, 1)));
    miniorm_query_returning(query, MINIORM_COLUMN(author_id));
    expect_sql(query,
               "UPDATE \"authors\" SET \"name\" = $1, \"email\" = $2 WHERE \"id\" = $3 RETURNING "
               "\"id\"",
               "UPDATE \"authors\" SET \"name\" = ?1, \"email\" = ?2 WHERE \"id\" = ?3 RETURNING "
               "\"id\"");
}

static void names_are_quoted(void **state)
{
    static const struct miniorm_column columns[] = {{.name = "a\"b\"", .type = MINIORM_T_int4},
                                                    {.name = "select", .type = MINIORM_T_int4}};
    static const struct miniorm_model model = {.size = sizeof(model),
                                               .name = "odd",
                                               .table = "or\"der",
                                               .schema = "my schema",
                                               .columns = columns,
                                               .n_columns = 2};

    (void)state;
    expect_sql(miniorm_query_select(&model),
               "SELECT \"a\"\"b\"\"\",\"select\" FROM \"my schema\".\"or\"\"der\"",
               "SELECT \"a\"\"b\"\"\",\"select\" FROM \"or\"\"der\"");
}

static const struct miniorm_condition *only_available(const struct miniorm_manager *manager)
{
    static const struct miniorm_value yes = {.type = MINIORM_T_boolean, .as.boolean = true};
    static const struct miniorm_condition condition = {
        .op = MINIORM_OP_EQ, .column = book_is_available, .values = &yes, .n_values = 1};

    (void)manager;
    return &condition;
}

static void condition_of_the_manager_is_added(void **state)
{
    static const struct miniorm_manager manager = {.size = sizeof(manager),
                                                   .default_where = only_available};
    struct miniorm_model model = book_model;
    struct miniorm_query *query;

    (void)state;
    model.manager = &manager;
    expect_sql(miniorm_query_count(&model),
               "SELECT count(*) FROM \"books\" WHERE \"is_available\" = $1",
               "SELECT count(*) FROM \"books\" WHERE \"is_available\" = ?1");
    query = miniorm_query_where(
        miniorm_query_delete(&model),
        MINIORM_WHERE(miniorm_or(miniorm_eq(book_id, 1), miniorm_eq(book_id, 2))));
    expect_sql(query,
               "DELETE FROM \"books\" WHERE (\"id\" = $1 OR \"id\" = $2) AND \"is_available\" = $3",
               "DELETE FROM \"books\" WHERE (\"id\" = ?1 OR \"id\" = ?2) AND \"is_available\" = "
               "?3");
    expect_failure(miniorm_query_delete(&model), MINIORM_SQLITE, MINIORM_EINVALID,
                   "without a where");
    expect_sql(miniorm_query_insert(&model), "INSERT INTO \"books\" DEFAULT VALUES",
               "INSERT INTO \"books\" DEFAULT VALUES");
}

static enum miniorm__traffic traffic_of(struct miniorm_query *query)
{
    struct rendered rendered;

    render(query, MINIORM_POSTGRESQL, &rendered);
    arena_free(&rendered.arena);
    miniorm_query_free(query);
    return rendered.operation.traffic;
}

static void only_plain_reads_share_a_round_trip(void **state)
{
    const struct miniorm_model *model = &book_model;
    const struct miniorm_condition *raw = MINIORM_WHERE(miniorm_raw("f(id)", NULL, 0));

    (void)state;
    assert_int_equal(traffic_of(miniorm_query_select(model)), MINIORM__READ);
    assert_int_equal(traffic_of(miniorm_query_count(model)), MINIORM__READ);
    assert_int_equal(traffic_of(miniorm_query_for_update(miniorm_query_select(model))),
                     MINIORM__WRITE);
    assert_int_equal(traffic_of(miniorm_query_where(miniorm_query_select(model), raw)),
                     MINIORM__WRITE);
    assert_int_equal(traffic_of(miniorm_query_order_by_raw(miniorm_query_select(model), "f(id)")),
                     MINIORM__WRITE);
    assert_int_equal(
        traffic_of(miniorm_query_read_only(miniorm_query_where(miniorm_query_select(model), raw))),
        MINIORM__READ);
    assert_int_equal(traffic_of(miniorm_query_raw("SELECT 1", NULL, 0)), MINIORM__WRITE);
    assert_int_equal(traffic_of(miniorm_query_read_only(miniorm_query_raw("SELECT 1", NULL, 0))),
                     MINIORM__READ);
    assert_int_equal(traffic_of(miniorm_query_insert(model)), MINIORM__WRITE);
}

static struct miniorm_query *per_key(unsigned column, size_t count)
{
    struct miniorm_query *query = miniorm_query_select(&book_model);
    const struct miniorm_value keys[3] = {miniorm_value_integer(1), miniorm_value_integer(2),
                                          miniorm_value_null()};

    miniorm_query_columns(query, MINIORM_COLUMN(book_id) | MINIORM_COLUMN(book_name));
    return miniorm_query_per_key(query, &column, 1, keys, count);
}

static void select_per_key_pages_each_key(void **state)
{
    struct miniorm_query *query = miniorm_query_limit(per_key(book_author_id, 2), 5);

    (void)state;
    miniorm_query_where(query, MINIORM_WHERE(miniorm_gt(book_price, 1)));
    miniorm_query_order_by(query, book_name, MINIORM_ASC);
    expect_sql(
        query,
        "SELECT miniorm_k.o - 1 AS key, miniorm_n.n AS total, miniorm_b.\"id\",miniorm_b.\"name\" "
        "FROM unnest($1) WITH ORDINALITY AS miniorm_k (c0,o) "
        "CROSS JOIN LATERAL (SELECT count(*) AS n FROM \"books\" WHERE \"author_id\" = "
        "miniorm_k.c0 AND \"price\" > $2) AS miniorm_n "
        "LEFT JOIN LATERAL (SELECT \"id\",\"name\" FROM \"books\" WHERE \"author_id\" = "
        "miniorm_k.c0 AND \"price\" > $3 ORDER BY \"name\" LIMIT $4) AS miniorm_b ON TRUE "
        "WHERE miniorm_n.n > 0 ORDER BY miniorm_k.o",
        "SELECT miniorm_key AS key, miniorm_n AS total,\"id\",\"name\" FROM (SELECT "
        "miniorm_k0.miniorm_number AS miniorm_key, count(*) OVER (PARTITION BY "
        "miniorm_k0.miniorm_number) AS miniorm_n, row_number() OVER (PARTITION BY "
        "miniorm_k0.miniorm_number ORDER BY \"name\") AS miniorm_r, \"id\",\"name\" FROM "
        "miniorm_array(?2) AS miniorm_k0 CROSS JOIN \"books\" WHERE \"author_id\" = "
        "miniorm_k0.miniorm_value AND \"price\" > ?3) WHERE miniorm_r <= ?1 ORDER BY miniorm_key, "
        "miniorm_r");
}

static void select_per_unique_key_is_a_join(void **state)
{
    (void)state;
    expect_sql(miniorm_query_limit(per_key(book_id, 3), 5),
               "SELECT miniorm_k.o - 1 AS key, 1::int8 AS total, "
               "miniorm_b.\"id\",miniorm_b.\"name\" FROM unnest($1) WITH ORDINALITY AS miniorm_k "
               "(c0,o) JOIN LATERAL (SELECT \"id\",\"name\" FROM \"books\" WHERE \"id\" = "
               "miniorm_k.c0) AS miniorm_b ON TRUE ORDER BY miniorm_k.o",
               "SELECT miniorm_k0.miniorm_number AS key, 1 AS total, \"id\",\"name\" FROM "
               "miniorm_array(?1) AS miniorm_k0 CROSS JOIN \"books\" WHERE \"id\" = "
               "miniorm_k0.miniorm_value ORDER BY miniorm_k0.miniorm_number");
}

static void answer_per_key_begins_with_key_and_total(void **state)
{
    struct miniorm_query *query = per_key(book_author_id, 3);
    struct rendered rendered;

    (void)state;
    render(query, MINIORM_POSTGRESQL, &rendered);
    assert_int_equal(rendered.operation.n_columns, 4);
    assert_int_equal(rendered.operation.columns[0].model_column, -1);
    assert_int_equal(rendered.operation.columns[0].type, MINIORM_T_int8);
    assert_int_equal(rendered.operation.columns[1].model_column, -1);
    assert_int_equal(rendered.operation.columns[2].model_column, book_id);
    assert_int_equal(rendered.operation.columns[3].model_column, book_name);
    assert_true(rendered.operation.statements[0].parameters[0].is_array);
    assert_int_equal(rendered.operation.statements[0].parameters[0].type, MINIORM_T_int4);
    assert_true(rendered.operation.statements[0].parameters[0].values[2].is_null);
    arena_free(&rendered.arena);
    miniorm_query_free(query);
    expect_failure(miniorm_query_for_update(per_key(book_author_id, 1)), MINIORM_POSTGRESQL,
                   MINIORM_EINVALID, "cannot lock");
    expect_failure(per_key(book_raw, 0), MINIORM_POSTGRESQL, MINIORM_EUNSUPPORTED, "books.raw");
}

static void raw_null_leaves_its_type_to_the_database(void **state)
{
    const struct miniorm_value values[2] = {miniorm_value_null(),
                                            {.type = MINIORM_T_int4, .is_null = true}};
    struct miniorm_query *query = miniorm_query_raw("SELECT $1, $2", values, 2);
    struct rendered rendered;

    (void)state;
    render(query, MINIORM_POSTGRESQL, &rendered);
    assert_null(rendered.operation.model);
    assert_null(rendered.operation.columns);
    assert_int_equal(rendered.operation.statements[0].parameters[0].type, 0);
    assert_int_equal(rendered.operation.statements[0].parameters[1].type, MINIORM_T_int4);
    arena_free(&rendered.arena);
    miniorm_query_free(query);
}

static void long_statements_grow(void **state)
{
    struct miniorm_condition children[500];
    struct miniorm_value value = miniorm_value_integer(1);
    const struct miniorm_condition any = {
        .op = MINIORM_OP_OR, .children = children, .n_children = 500};
    struct miniorm_query *query = miniorm_query_select(&book_model);
    struct rendered rendered;
    size_t i;

    (void)state;
    for (i = 0; i < 500; i++)
        children[i] = (struct miniorm_condition){
            .op = MINIORM_OP_EQ, .column = book_id, .values = &value, .n_values = 1};
    miniorm_query_where(query, &any);
    render(query, MINIORM_POSTGRESQL, &rendered);
    assert_int_equal(rendered.operation.statements[0].n_parameters, 500);
    assert_int_equal(strlen(rendered.operation.statements[0].sql),
                     rendered.operation.statements[0].sql_size);
    assert_non_null(strstr(rendered.operation.statements[0].sql, " OR \"id\" = $500)"));
    arena_free(&rendered.arena);
    miniorm_query_free(query);
}

static void hash_depends_on_every_byte(void **state)
{
    char text[40] = "SELECT \"id\" FROM \"books\" WHERE \"id\" = 1";
    const uint64_t hash = miniorm__hash(text, sizeof(text));
    size_t i;

    (void)state;
    assert_true(miniorm__hash("", 0) != miniorm__hash("\0", 1));
    assert_true(hash == miniorm__hash(text, sizeof(text)));
    assert_true(miniorm__hash("SELECT 1", 8) == UINT64_C(0x94a92a34e92c4bd6));
    for (i = 0; i < sizeof(text); i++) {
        text[i] ^= 1;
        assert_true(miniorm__hash(text, sizeof(text)) != hash);
        text[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(select_answers_all_columns_in_order),
        cmocka_unit_test(order_limit_and_offset_are_written),
        cmocka_unit_test(limits_beyond_the_databases_become_the_largest),
        cmocka_unit_test(count_answers_one_number),
        cmocka_unit_test(insert_of_nothing_inserts_defaults),
        cmocka_unit_test(rows_alike_are_one_statement_of_arrays),
        cmocka_unit_test(array_parameters_hold_the_rows_in_order),
        cmocka_unit_test(sqlite_has_a_statement_per_row_that_shares_its_text),
        cmocka_unit_test(rows_that_differ_take_defaults),
        cmocka_unit_test(rows_of_many_shapes_keep_their_texts),
        cmocka_unit_test(too_many_parameters_are_a_limit),
        cmocka_unit_test(update_and_delete_want_a_where),
        cmocka_unit_test(update_writes_columns_in_order_and_returns),
        cmocka_unit_test(names_are_quoted),
        cmocka_unit_test(condition_of_the_manager_is_added),
        cmocka_unit_test(only_plain_reads_share_a_round_trip),
        cmocka_unit_test(select_per_key_pages_each_key),
        cmocka_unit_test(select_per_unique_key_is_a_join),
        cmocka_unit_test(answer_per_key_begins_with_key_and_total),
        cmocka_unit_test(raw_null_leaves_its_type_to_the_database),
        cmocka_unit_test(long_statements_grow),
        cmocka_unit_test(hash_depends_on_every_byte),
    };

    return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
