/*
 * Tables of resources: what they are compiled to, and how their faults are told.
 */
#include "test.h"

#include "resource.h"
#include "resource_models.h"

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static enum baseapi_status compile(const struct baseapi_resource *table, struct resource **out,
                                   struct baseapi_error *error)
{
    return baseapi__resource_compile(&arena, table, sizeof(*table), out, error);
}

static struct resource *compiled(const struct baseapi_resource *table)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct resource *resource = NULL;

    if (compile(table, &resource, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
    return resource;
}

static void assert_wrong(struct baseapi_resource table, const char *message)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct resource *resource = NULL;

    assert_int_equal(compile(&table, &resource, &error), BASEAPI_EINVALID);
    assert_string_equal(error.message, message);
    assert_null(resource);
}

static const struct baseapi_resource writers, novels;

static const struct baseapi_resource writers = {
    .path = "/writers",
    .model = &writer_model,
    .fields = "id name",
    .includes = BASEAPI_INCLUDES({"novels", &novels, "id=writer_id"}),
};

static const struct baseapi_resource novels = {
    .path = "/novels",
    .model = &novel_model,
    .methods = BASEAPI_CRUD,
    .filters = "id name:eq,like category:* cover:null",
    .sorts = "name id",
    .default_sort = "-name category",
    .includes = BASEAPI_INCLUDES({"writers", &writers, "writer_id=id"}),
    .page = {.max = 50},
};

static const struct baseapi_resource pages = {.path = "/pages", .model = &page_model};

static void defaults_are_filled_in(void **state)
{
    const struct baseapi_resource table = {.path = "/writers", .model = &writer_model};
    const struct resource *resource = compiled(&table);

    (void)state;
    assert_int_equal(resource->declared.methods, BASEAPI_READ_ONLY);
    assert_ptr_equal(resource->provider, &baseapi_model_provider);
    assert_int_equal(resource->fields, 15);
    assert_int_equal(resource->writes, 14);
    assert_int_equal(resource->limit, 100);
    assert_int_equal(resource->max_limit, 1000);
    assert_int_equal(resource->sorts, 0);
    assert_int_equal(resource->keys, 1);
    assert_int_equal(resource->n_includes, 0);
    assert_string_equal(resource->columns[writer_name].prefix, ",\"name\":");
}

static void lists_become_bitmaps_and_operators(void **state)
{
    const struct resource *resource = compiled(&novels);

    (void)state;
    assert_int_equal(resource->columns[novel_id].operators,
                     RESOURCE_EQ | RESOURCE_IN | RESOURCE_NE | RESOURCE_GTE | RESOURCE_LTE);
    assert_int_equal(resource->columns[novel_name].operators, RESOURCE_EQ | RESOURCE_LIKE);
    assert_int_equal(resource->columns[novel_category].operators, RESOURCE_BETWEEN * 2 - 1);
    assert_int_equal(resource->columns[novel_cover].operators, RESOURCE_NULL);
    assert_int_equal(resource->columns[novel_price].operators, 0);
    assert_int_equal(resource->sorts, COLUMN_BIT(novel_id) | COLUMN_BIT(novel_name));
    assert_int_equal(resource->n_order, 2);
    assert_int_equal(resource->order[0].column, novel_name);
    assert_true(resource->order[0].descending);
    assert_int_equal(resource->order[1].column, novel_category);
    assert_false(resource->order[1].descending);
    assert_int_equal(resource->limit, 50);
    assert_int_equal(resource->max_limit, 50);
}

static void includes_may_go_in_circles(void **state)
{
    const struct resource *resource = compiled(&novels);
    const struct resource_include *include = &resource->includes[0];

    (void)state;
    assert_int_equal(resource->n_includes, 1);
    assert_string_equal(include->name, "writers");
    assert_string_equal(include->prefix, ",\"writers\":{\"data\":[");
    assert_int_equal(include->own[0], novel_writer_id);
    assert_int_equal(include->theirs[0], writer_id);
    assert_true(include->is_single);
    assert_ptr_equal(include->resource->includes[0].resource, resource);
    assert_false(include->resource->includes[0].is_single);
}

static void composite_keys_are_read_from_the_model(void **state)
{
    const struct resource *resource = compiled(&pages);

    (void)state;
    assert_int_equal(resource->n_keys, 2);
    assert_int_equal(resource->key_columns[0], page_novel);
    assert_int_equal(resource->key_columns[1], page_number);
}

static void a_smaller_table_of_an_older_program_is_taken(void **state)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct resource *resource;

    (void)state;
    assert_int_equal(baseapi__resource_compile(&arena, &novels,
                                               offsetof(struct baseapi_resource, filters),
                                               &resource, &error),
                     BASEAPI_OK);
    assert_int_equal(resource->columns[novel_id].operators, 0);
    assert_int_equal(resource->n_includes, 0);
}

#define WRITERS .path = "/writers", .model = &writer_model

static void misspelt_words_are_told_with_what_was_meant(void **state)
{
    (void)state;
    assert_wrong((struct baseapi_resource){WRITERS, .fields = "id nane"},
                 "writers.fields: no column 'nane', did you mean 'name'?");
    assert_wrong((struct baseapi_resource){WRITERS, .filters = "notess"},
                 "writers.filters: no column 'notess', did you mean 'notes'?");
    assert_wrong((struct baseapi_resource){WRITERS, .filters = "name:eq,likee"},
                 "writers.filters: no operator 'likee', did you mean 'like'?");
    assert_wrong((struct baseapi_resource){WRITERS, .filters = "name:"},
                 "writers.filters: no operator ''");
    assert_wrong((struct baseapi_resource){WRITERS, .sorts = "wholly_different"},
                 "writers.sorts: no column 'wholly_different'");
    assert_wrong((struct baseapi_resource){WRITERS, .default_sort = "-nam"},
                 "writers.default_sort: no column 'nam', did you mean 'name'?");
    assert_wrong((struct baseapi_resource){WRITERS, .writes = "nam"},
                 "writers.writes: no column 'nam', did you mean 'name'?");
}

static void words_that_a_type_forbids_are_told(void **state)
{
    (void)state;
    assert_wrong((struct baseapi_resource){WRITERS, .filters = "id:like"},
                 "writers.filters: 'id' is int4, which has no 'like'");
    assert_wrong((struct baseapi_resource){WRITERS, .filters = "extra"},
                 "writers.filters: 'extra' is json, which has only ':null'");
    assert_wrong((struct baseapi_resource){WRITERS, .sorts = "extra"},
                 "writers.sorts: 'extra' is json, which has no order");
}

static void wrong_paths_methods_and_pages_are_told(void **state)
{
    (void)state;
    assert_wrong((struct baseapi_resource){.path = "writers", .model = &writer_model},
                 "path 'writers' does not begin with a slash, or ends with one");
    assert_wrong((struct baseapi_resource){.path = "/w/", .model = &writer_model},
                 "path '/w/' does not begin with a slash, or ends with one");
    assert_wrong((struct baseapi_resource){.path = "/w"}, "resource '/w' has no model");
    assert_wrong((struct baseapi_resource){WRITERS, .methods = 32},
                 "writers.methods: 32 is no method");
    assert_wrong((struct baseapi_resource){.path = "/loose", .model = &loose_model},
                 "loose.methods: model loose has no primary key, so it can only be listed");
    assert_wrong((struct baseapi_resource){WRITERS, .page = {.limit = 10, .max = 5}},
                 "writers.page: limit is more than max");
    assert_wrong((struct baseapi_resource){WRITERS, .page = {.max = 10001}},
                 "writers.page: max is more than 10000");
    assert_wrong((struct baseapi_resource){WRITERS, .fields = " "},
                 "writers.fields: no column is shown");
}

static void wrong_includes_are_told(void **state)
{
    static const struct baseapi_resource bare = {
        .path = "/loose", .model = &loose_model, .methods = BASEAPI_LIST};

    (void)state;
    assert_wrong(
        (struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES({"x", NULL, "id=id"})},
        "writers.includes: 'x' has no resource");
    assert_wrong(
        (struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES({"x", &pages, "id=novl"})},
        "writers.includes: no column 'novl', did you mean 'novel'?");
    assert_wrong(
        (struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES({"x", &pages, "id"})},
        "writers.includes: 'id' of 'x' is no pair own_column=included_column");
    assert_wrong(
        (struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES({"x", &pages, ""})},
        "writers.includes: 'x' has no relations");
    assert_wrong((struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES(
                                                        {"x", &pages, "name=number"})},
                 "writers.includes: the columns of 'name=number' have different types");
    assert_wrong((struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES(
                                                        {"name", &pages, "id=novel"})},
                 "writers.includes: 'name' is the name of a field");
    assert_wrong((struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES(
                                                        {"a.b", &pages, "id=novel"})},
                 "writers.includes: a name may not be empty or hold '.' or ',': 'a.b'");
    assert_wrong(
        (struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES({"x", &bare, "id=number"})},
        "writers.includes: model loose has no primary key");
}

static void includes_have_different_names(void **state)
{
    (void)state;
    assert_wrong((struct baseapi_resource){WRITERS, .includes = BASEAPI_INCLUDES(
                                                        {"x", &pages, "id=novel"},
                                                        {"x", &pages, "id=number"})},
                 "writers.includes: there are two 'x'");
}

static void providers_must_have_what_the_methods_need(void **state)
{
    static const struct baseapi_provider empty = {.size = sizeof(empty)};
    struct baseapi_provider some = baseapi_model_provider;

    (void)state;
    assert_wrong((struct baseapi_resource){WRITERS, .provider = &empty},
                 "writers.methods: the provider has no get_many");
    some.insert = NULL;
    assert_wrong((struct baseapi_resource){WRITERS, .provider = &some, .methods = BASEAPI_CREATE},
                 "writers.methods: the provider has no insert");
    some.remove = NULL;
    assert_wrong((struct baseapi_resource){WRITERS, .provider = &some, .methods = BASEAPI_DELETE},
                 "writers.methods: the provider has no remove");
    some.total_count = NULL;
    assert_wrong((struct baseapi_resource){WRITERS, .provider = &some},
                 "writers.methods: the provider has no total_count");
}

static void attempt(void *context)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct resource *resource;
    const enum baseapi_status status = compile(&novels, &resource, &error);

    (void)context;
    if (!oom_stop())
        assert_int_equal(status, BASEAPI_OK);
    else if (status != BASEAPI_OK)
        assert_int_equal(status, BASEAPI_ENOMEM);
    arena_free(&arena);
}

static void running_out_of_memory_is_reported(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(defaults_are_filled_in, tear_down),
        cmocka_unit_test_teardown(lists_become_bitmaps_and_operators, tear_down),
        cmocka_unit_test_teardown(includes_may_go_in_circles, tear_down),
        cmocka_unit_test_teardown(composite_keys_are_read_from_the_model, tear_down),
        cmocka_unit_test_teardown(a_smaller_table_of_an_older_program_is_taken, tear_down),
        cmocka_unit_test_teardown(misspelt_words_are_told_with_what_was_meant, tear_down),
        cmocka_unit_test_teardown(words_that_a_type_forbids_are_told, tear_down),
        cmocka_unit_test_teardown(wrong_paths_methods_and_pages_are_told, tear_down),
        cmocka_unit_test_teardown(wrong_includes_are_told, tear_down),
        cmocka_unit_test_teardown(includes_have_different_names, tear_down),
        cmocka_unit_test_teardown(providers_must_have_what_the_methods_need, tear_down),
        cmocka_unit_test_teardown(running_out_of_memory_is_reported, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
