/*
 * Pairs of a query string to the tree of wishes. Trees are compared as text:
 * fields(a,b) sort(-c) filter(id=1|2) page(limit=5) {authors: …}
 */
#include "test.h"

#include <stdio.h>

#include "params.h"
#include "text.h"

static struct arena arena;
static unsigned n_told;
static char last_parameter[300];
static char last_detail[600];

static void tell(void *context, const char *parameter, const char *detail)
{
    (void)context;
    n_told++;
    snprintf(last_parameter, sizeof(last_parameter), "%s", parameter);
    snprintf(last_detail, sizeof(last_detail), "%s", detail);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void show_words(struct text *text, const char *name, const struct baseapi_word *word)
{
    if (word == NULL)
        return;
    text_string(text, name);
    for (; word != NULL; word = word->next) {
        text_bytes(text, word->text.data, word->text.size);
        if (word->next != NULL)
            text_char(text, ',');
    }
    text_string(text, ") ");
}

static void show_parameters(struct text *text, const char *name,
                            const struct baseapi_parameter *parameter)
{
    for (; parameter != NULL; parameter = parameter->next) {
        size_t count = 0;

        text_string(text, name);
        text_bytes(text, parameter->name.data, parameter->name.size);
        text_char(text, '=');
        for (const struct baseapi_word *word = parameter->values; word != NULL; word = word->next) {
            if (count++ != 0)
                text_char(text, '|');
            text_bytes(text, word->text.data, word->text.size);
        }
        assert_int_equal(count, parameter->n_values);
        text_string(text, ") ");
    }
}

static void show(struct text *text, const struct baseapi_params *params)
{
    show_words(text, "fields(", params->fields);
    show_words(text, "sort(", params->sort);
    show_words(text, "retrieve(", params->retrieve);
    show_parameters(text, "filter(", params->filters);
    show_parameters(text, "page(", params->page);
    for (const struct baseapi_params *child = params->includes; child != NULL;
         child = child->next) {
        text_char(text, '{');
        text_bytes(text, child->name.data, child->name.size);
        text_string(text, ": ");
        show(text, child);
        text_string(text, "} ");
    }
}

static enum baseapi_status parse(const char *query, const struct baseapi_params **params)
{
    struct params_report report = {.tell = tell};

    n_told = 0;
    return baseapi__params_parse(&arena, query, &report, params);
}

static void assert_tree(const char *query, const char *expected)
{
    const struct baseapi_params *params;
    struct text text = {0};

    assert_int_equal(parse(query, &params), BASEAPI_OK);
    show(&text, params);
    while (text.size > 0 && text.data[text.size - 1] == ' ')
        text.data[--text.size] = '\0';
    assert_string_equal(text.data == NULL ? "" : text.data, expected);
    text_free(&text);
}

static void assert_refused(const char *query, const char *parameter, const char *detail)
{
    const struct baseapi_params *params;

    assert_int_equal(parse(query, &params), BASEAPI_EINVALID);
    assert_int_equal(n_told, 1);
    assert_string_equal(last_parameter, parameter);
    assert_string_equal(last_detail, detail);
}

static void nothing_wished_is_an_empty_tree(void **state)
{
    (void)state;
    assert_tree("", "");
    assert_tree("&&", "");
    assert_tree("include=", "");
    assert_tree("include=,,", "");
}

static void lists_and_maps_of_the_entity_itself(void **state)
{
    (void)state;
    assert_tree("filter[campaign_id]=1,2,3&filter[role]=recruit&page[limit]=10"
                "&fields=role,campaign_id&sort=created_at",
                "fields(role,campaign_id) sort(created_at) filter(campaign_id=1|2|3) "
                "filter(role=recruit) page(limit=10)");
}

static void dotted_names_address_included_entities(void **state)
{
    (void)state;
    assert_tree("fields=role,attributes.name,attributes.value&sort=created_at,-attributes.name"
                "&include=attributes&filter[attributes.id]=1,2&filter[attributes.lang]=en"
                "&page[attributes.limit]=20",
                "fields(role) sort(created_at) {attributes: fields(name,value) sort(-name) "
                "filter(id=1|2) filter(lang=en) page(limit=20) }");
}

static void includes_nest_and_make_their_parents(void **state)
{
    (void)state;
    assert_tree("include=a.b.c,d&retrieve=data,a.meta,a.b.meta&filter[a.b.c.x]=1",
                "retrieve(data) {a: retrieve(meta) {b: retrieve(meta) {c: filter(x=1) } } } {d: }");
    assert_tree("include=a,a.b,a&fields=a.b.x", "{a: {b: fields(x) } }");
}

static void names_in_brackets_address_included_entities_too(void **state)
{
    (void)state;
    assert_tree("include=a.b&sort[a]=-name,id&fields[a]=x&fields[a.b]=y&fields[a]=z",
                "{a: fields(x) sort(-name,id) {b: fields(y) } }");
    assert_tree("include=a.b&fields[a]=b.x&sort[a]=-b.x", "{a: {b: fields(x) sort(-x) } }");
}

static void the_minus_of_a_path_moves_to_the_field(void **state)
{
    (void)state;
    assert_tree("include=a.b&sort=-a.b.c,a.-x,-y", "sort(-y) {a: sort(-x) {b: sort(-c) } }");
}

static void parameters_of_entities_that_are_not_included_are_left_out(void **state)
{
    (void)state;
    assert_tree("filter[a.x]=1&sort=a.x&fields=a.x&page[a.limit]=1&sort[a]=x&fields[a]=x", "");
    assert_tree("include=b&filter[a.x]=1&sort=b.c.x,y", "sort(y) {b: }");
}

static void unknown_parameters_are_left_out(void **state)
{
    (void)state;
    assert_tree("x=1&fieldsfoo=a&filterfoo[x]=1&filters[x]=1&fields2=a&include2=a&pagelimit=2", "");
}

static void empty_parts_of_lists_are_kept(void **state)
{
    (void)state;
    assert_tree("fields=", "fields()");
    assert_tree("fields=a,,b", "fields(a,,b)");
    assert_tree("sort=", "sort()");
    assert_tree("filter[a]=", "filter(a=)");
    assert_tree("filter[a]=1,", "filter(a=1|)");
}

static void operators_may_stand_in_brackets_of_their_own(void **state)
{
    (void)state;
    assert_tree("filter[id][gte]=5&filter[a.id][lt]=3&include=a",
                "filter(id__gte=5) {a: filter(id__lt=3) }");
}

static void odd_paths_are_taken_literally(void **state)
{
    (void)state;
    assert_tree("include=.a", "{: {a: } }");
    assert_tree("include=a.", "{a: }");
    assert_tree("include=a..b", "{a: {: {b: } } }");
    assert_tree("filter[a.]=1&include=a", "{a: filter(=1) }");
}

static void malformed_uses_of_known_names_are_refused(void **state)
{
    static const char *const names[] = {
        "filter",  "page",         "filter[]",        "filter[a",   "filter[a]b", "filter[a][]",
        "page[]",  "page[limit]x", "Filter[a]",       "SORT",       "page[a][b]", "fields[a]b",
        "fields[", "sort[]",       "filter[a][b][c]", "include[a]", "sort[a][b]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char query[64];
        char detail[128];

        snprintf(query, sizeof(query), "%s=1", names[i]);
        snprintf(detail, sizeof(detail), "Requested parameter is not well-formed - \"%s\"",
                 names[i]);
        assert_refused(query, names[i], detail);
    }
}

static void includes_are_at_most_three_deep(void **state)
{
    (void)state;
    assert_tree("include=a.b.c", "{a: {b: {c: } } }");
    assert_refused("include=a.b.c.d", "include",
                   "Requested include \"a.b.c.d\" is too deep. Maximum is 3");
}

/* `head`, then `count` times `item` with its number, separated by `between`. */
static const char *repeat(const char *head, const char *item, int count, const char *between)
{
    static char query[16384];
    size_t size = (size_t)snprintf(query, sizeof(query), "%s", head);

    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(query + size, sizeof(query) - size, "%s%s%d",
                                 i == 0 ? "" : between, item, i);
    return query;
}

static void includes_filters_and_list_values_are_bounded(void **state)
{
    const struct baseapi_params *params;

    (void)state;
    assert_int_equal(parse(repeat("include=", "i", BASEAPI_MAX_INCLUDES, ","), &params),
                     BASEAPI_OK);
    assert_refused(repeat("include=", "i", BASEAPI_MAX_INCLUDES + 1, ","), "include",
                   "Requested includes are too many. Maximum is 32");
    assert_int_equal(parse(repeat("filter[a]=", "", BASEAPI_MAX_LIST_VALUES, ","), &params),
                     BASEAPI_OK);
    assert_refused(repeat("filter[a]=", "", BASEAPI_MAX_LIST_VALUES + 1, ","), "filter[a]",
                   "Requested values are too many. Maximum is 200");
    assert_refused(repeat("fields=", "", BASEAPI_MAX_LIST_VALUES + 1, ","), "fields",
                   "Requested values are too many. Maximum is 200");
}

static void filters_are_counted_on_all_levels(void **state)
{
    char query[4096] = "include=a";
    const struct baseapi_params *params;

    (void)state;
    for (int i = 0; i < BASEAPI_MAX_FILTERS; i++)
        sprintf(query + strlen(query), "&filter[%sf%d]=1", i % 2 ? "a." : "", i);
    assert_int_equal(parse(query, &params), BASEAPI_OK);
    strcat(query, "&filter[one_more]=1");
    assert_refused(query, "filter[one_more]", "Requested filters are too many. Maximum is 32");
}

static void attempt(void *context)
{
    const struct baseapi_params *params = NULL;
    const enum baseapi_status status = parse(
        "include=a.b,c&fields=x,a.y&sort=-a.b.z&filter[a.id][gte]=1,2&page[limit]=3", &params);

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
    assert_true(oom_for_every_allocation(attempt, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_wished_is_an_empty_tree, tear_down),
        cmocka_unit_test_teardown(lists_and_maps_of_the_entity_itself, tear_down),
        cmocka_unit_test_teardown(dotted_names_address_included_entities, tear_down),
        cmocka_unit_test_teardown(includes_nest_and_make_their_parents, tear_down),
        cmocka_unit_test_teardown(names_in_brackets_address_included_entities_too, tear_down),
        cmocka_unit_test_teardown(the_minus_of_a_path_moves_to_the_field, tear_down),
        cmocka_unit_test_teardown(parameters_of_entities_that_are_not_included_are_left_out,
                                  tear_down),
        cmocka_unit_test_teardown(unknown_parameters_are_left_out, tear_down),
        cmocka_unit_test_teardown(empty_parts_of_lists_are_kept, tear_down),
        cmocka_unit_test_teardown(operators_may_stand_in_brackets_of_their_own, tear_down),
        cmocka_unit_test_teardown(odd_paths_are_taken_literally, tear_down),
        cmocka_unit_test_teardown(malformed_uses_of_known_names_are_refused, tear_down),
        cmocka_unit_test_teardown(includes_are_at_most_three_deep, tear_down),
        cmocka_unit_test_teardown(includes_filters_and_list_values_are_bounded, tear_down),
        cmocka_unit_test_teardown(filters_are_counted_on_all_levels, tear_down),
        cmocka_unit_test_teardown(running_out_of_memory_is_reported, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
