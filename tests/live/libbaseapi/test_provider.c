/*
 * Resources over a provider that is no database, which answers now and later, fails in every way,
 * and stalls; and the hooks around changes.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <baseapi/baseapi.h>

#include "support/http_client.h"
#include "support/json_match.h"
#include "support/sky.h"

enum { TIMEOUT_MS = 10000 };

static const struct baseapi_resource star_resource, planet_resource;

static const struct baseapi_resource star_resource = {
    .path = "/stars",
    .model = &star_model,
    .provider = &sky_provider,
    .filters = "id",
    .sorts = "name",
    .includes = BASEAPI_INCLUDES({"planets", &planet_resource, "id=star_id"}),
};

static const struct baseapi_resource planet_resource = {
    .path = "/planets",
    .model = &planet_model,
    .methods = BASEAPI_CRUD,
    .provider = &sky_provider,
    .filters = "id name star_id",
    .sorts = "id name",
    .includes = BASEAPI_INCLUDES({"stars", &star_resource, "star_id=id"}),
};

/* What the hooks of /comets do, and have seen. */
static struct {
    struct baseapi_request *waiting;
    unsigned n_before;
    unsigned n_after;
    int64_t after_id;
} hooks;

static void resume_later(void *data)
{
    assert_int_equal(baseapi_hook_resume(data), BASEAPI_OK);
}

/* By the name of what comes: refuses, waits, spoils, or names it. */
static enum baseapi_flow before_insert(struct baseapi_request *request, json_t *object, void *data)
{
    const struct miniorm_loop *loop = baseapi_worker_loop(baseapi_request_worker(request));
    const char *name = json_string_value(json_object_get(object, "name"));

    assert_ptr_equal(data, &hooks);
    hooks.n_before++;
    if (strcmp(name, "refuse") == 0) {
        baseapi_respond_problem(request, 403, "forbidden", "No such comet.");
        return BASEAPI_PENDING;
    }
    if (strcmp(name, "wait") == 0) {
        loop->defer(loop->context, resume_later, request);
        return BASEAPI_PENDING;
    }
    if (strcmp(name, "spoil") == 0)
        json_object_set_new(object, "star_id", json_string("x"));
    else if (strcmp(name, "invent") == 0)
        json_object_set_new(object, "tail", json_true());
    else
        json_object_set_new(object, "star_id", json_integer(2));
    return BASEAPI_CONTINUE;
}

static enum baseapi_flow before_update(struct baseapi_request *request, json_t *object, void *data)
{
    (void)request;
    (void)data;
    hooks.n_before++;
    json_object_set_new(object, "star_id", json_integer(3));
    return BASEAPI_CONTINUE;
}

static enum baseapi_flow before_delete(struct baseapi_request *request, void *data)
{
    (void)data;
    hooks.n_before++;
    if (baseapi_request_header(request, "X-Keep") == NULL)
        return BASEAPI_CONTINUE;
    baseapi_respond_problem(request, 409, "conflict", "Kept.");
    return BASEAPI_PENDING;
}

static void after(struct baseapi_request *request, const struct baseapi_row *row, void *data)
{
    (void)request;
    assert_ptr_equal(data, &hooks);
    hooks.n_after++;
    assert_true((row->columns & MINIORM_COLUMN(planet_id)) != 0);
    hooks.after_id = row->values[0].as.integer;
}

static const struct baseapi_resource comet_resource = {
    .path = "/comets",
    .model = &planet_model,
    .methods = BASEAPI_CRUD,
    .writes = "name",
    .provider = &sky_provider,
    .hooks = {.before_insert = before_insert,
              .before_update = before_update,
              .before_delete = before_delete,
              .after_insert = after,
              .after_update = after,
              .after_delete = after,
              .data = &hooks},
};

static struct baseapi_app *app;
static struct http_client *client;

static int set_up(void **state)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    (void)state;
    options.port = BASEAPI_PORT_ANY;
    options.workers = 1;
    options.handler_timeout_ms = 1000;
    if (baseapi_app_new(&options, &app, &error) != BASEAPI_OK ||
        baseapi_app_add(app, &star_resource, &error) != BASEAPI_OK ||
        baseapi_app_add(app, &planet_resource, &error) != BASEAPI_OK ||
        baseapi_app_add(app, &comet_resource, &error) != BASEAPI_OK ||
        baseapi_app_start(app, &error) != BASEAPI_OK) {
        print_error("%s\n", error.message);
        return -1;
    }
    client = http_client_open(baseapi_app_port(app), TIMEOUT_MS);
    return client == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_client_close(client);
    baseapi_app_stop(app, 1000, NULL);
    baseapi_app_free(app);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    sky_reset();
    memset(&hooks, 0, sizeof(hooks));
    return 0;
}

static void assert_reply(const char *method, const char *target, const char *headers,
                         const char *body, unsigned status, const char *expected)
{
    const struct http_message message = {.method = method,
                                         .target = target,
                                         .headers = headers,
                                         .body = body,
                                         .body_size = body == NULL ? 0 : strlen(body)};
    struct http_reply reply;
    size_t offset;

    assert_true(http_client_exchange(client, &message, &reply));
    if (reply.status != status ||
        (expected != NULL && !json_match(expected, reply.body, reply.body_size, &offset)))
        fail_msg("%s %s: %u %s\nnot %u %s", method, target, reply.status, reply.body, status,
                 expected);
    http_reply_clear(&reply);
}

static void assert_get(const char *target, unsigned status, const char *expected)
{
    assert_reply("GET", target, NULL, NULL, status, expected);
}

static void lists_and_entities_come_from_any_provider(void **state)
{
    (void)state;
    assert_get("/planets?sort=-name&page[limit]=2&page[offset]=1&fields=name", 200,
               "{\"data\":[{\"name\":\"Venus\"},{\"name\":\"Saturn\"}],"
               "\"meta\":{\"count\":2,\"total_count\":7,\"offset\":1}}");
    assert_get("/planets?filter[star_id]=1&filter[id__gte]=2&fields=id", 200,
               "{\"data\":[{\"id\":2},{\"id\":3},{\"id\":7}],"
               "\"meta\":{\"count\":3,\"total_count\":3,\"offset\":0}}");
    assert_get("/planets/6", 200, "{\"id\":6,\"name\":\"Wanderer\",\"star_id\":null}");
    assert_get("/planets/60", 404,
               "{\"errors\":[{\"code\":\"entity_not_found\",\"detail\":\"…\"}]}");
}

static void includes_come_from_any_provider(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_get("/stars?include=planets.stars&page[planets.limit]=1&sort=-planets.name"
                   "&fields=name,planets.name,planets.stars.id",
                   200,
                   "{\"data\":[{\"name\":\"Sun\",\"planets\":{\"data\":[{\"name\":\"Venus\","
                   "\"stars\":{\"data\":[{\"id\":1}],"
                   "\"meta\":{\"count\":1,\"total_count\":1,\"offset\":0}}}],"
                   "\"meta\":{\"count\":1,\"total_count\":4,\"offset\":0}}},"
                   "{\"name\":\"Proxima\",\"planets\":{\"data\":[{\"name\":\"Proxima d\","
                   "\"stars\":{\"data\":[{\"id\":2}],"
                   "\"meta\":{\"count\":1,\"total_count\":1,\"offset\":0}}}],"
                   "\"meta\":{\"count\":1,\"total_count\":2,\"offset\":0}}},"
                   "{\"name\":\"Vega\",\"planets\":{\"data\":[],"
                   "\"meta\":{\"count\":0,\"total_count\":0,\"offset\":0}}}],"
                   "\"meta\":{\"count\":3,\"total_count\":3,\"offset\":0}}");
    assert_int_equal(sky.n_released, sky.n_rows_answers);
}

static void changes_go_to_any_provider(void **state)
{
    (void)state;
    assert_reply("POST", "/planets", NULL, "{\"data\":{\"name\":\"Pluto\",\"star_id\":1}}", 201,
                 "{\"data\":{\"id\":8,\"name\":\"Pluto\",\"star_id\":1}}");
    assert_reply("PUT", "/planets/8", NULL, "{\"data\":{\"star_id\":null}}", 200,
                 "{\"data\":{\"id\":8,\"name\":\"Pluto\",\"star_id\":null}}");
    assert_reply("PATCH", "/planets/8", NULL, "{\"data\":{}}", 200,
                 "{\"data\":{\"id\":8,\"name\":\"Pluto\",\"star_id\":null}}");
    assert_reply("PUT", "/planets/80", NULL, "{\"data\":{\"name\":\"x\"}}", 404, NULL);
    assert_reply("PUT", "/planets/80", NULL, "{\"data\":{\"nme\":\"x\"}}", 404, NULL);
    assert_reply("PUT", "/planets/8", NULL, "{\"data\":{\"nme\":\"x\"}}", 422, NULL);
    assert_reply("DELETE", "/planets/8", NULL, NULL, 204, NULL);
    assert_reply("DELETE", "/planets/8", NULL, NULL, 404, NULL);
    assert_int_equal(sky.n_released, sky.n_rows_answers);
}

static void failures_are_answered_by_their_status(void **state)
{
    static const struct {
        enum miniorm_status status;
        unsigned read;
        unsigned write;
    } cases[] = {
        {MINIORM_EUNIQUE, 500, 409},     {MINIORM_EFOREIGNKEY, 500, 422},
        {MINIORM_ENOTNULL, 500, 422},    {MINIORM_ECHECK, 500, 422},
        {MINIORM_EVALUE, 500, 422},      {MINIORM_EUNAVAILABLE, 503, 503},
        {MINIORM_ECONNECTION, 503, 503}, {MINIORM_ERESOURCES, 503, 503},
        {MINIORM_EBUSY, 503, 503},       {MINIORM_ECONFLICT, 503, 503},
        {MINIORM_ELIMIT, 503, 503},      {MINIORM_ETIMEDOUT, 504, 504},
        {MINIORM_ECANCELLED, 504, 504},  {MINIORM_ENOMEM, 500, 500},
        {MINIORM_ESTATEMENT, 500, 500},  {MINIORM_EPERMISSION, 500, 500},
        {MINIORM_EDATABASE, 500, 500},   {MINIORM_EPROTOCOL, 500, 500},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sky.failure = cases[i].status;
        assert_get("/planets", cases[i].read, NULL);
        assert_get("/planets/1?include=stars", cases[i].read, NULL);
        assert_reply("POST", "/planets", NULL, "{\"data\":{\"name\":\"x\",\"star_id\":9}}",
                     cases[i].write, NULL);
        assert_reply("PUT", "/planets/1", NULL, "{\"data\":{\"name\":\"x\"}}", cases[i].write,
                     NULL);
    }
}

static void failures_never_tell_their_message_but_the_members_concerned(void **state)
{
    (void)state;
    sky.failure = MINIORM_EDATABASE;
    assert_get("/planets", 500,
               "{\"errors\":[{\"code\":\"internal_error\",\"detail\":\"Internal server error\"}]}");
    sky.failure = MINIORM_EUNIQUE;
    sky.constraint = "planets_name_key";
    assert_reply("POST", "/planets", NULL, "{\"data\":{\"name\":\"x\"}}", 409,
                 "{\"errors\":[{\"code\":\"conflict\",\"detail\":\"Another entity has this value "
                 "already, which must be unique.\",\"source\":{\"pointer\":\"/data/name\"}}]}");
    sky.failure = MINIORM_EFOREIGNKEY;
    sky.constraint = NULL;
    assert_reply("POST", "/planets", NULL, "{\"data\":{\"name\":\"x\",\"star_id\":5}}", 422,
                 "{\"errors\":[{\"code\":\"data_schema_validation_error\",\"detail\":\"There is no "
                 "entity with this key.\",\"source\":{\"pointer\":\"/data/star_id\"}}]}");
    assert_reply("DELETE", "/planets/1", NULL, NULL, 409,
                 "{\"errors\":[{\"code\":\"conflict\",\"detail\":\"Other entities refer to this "
                 "one.\"}]}");
}

static void a_second_answer_is_released_and_ignored(void **state)
{
    (void)state;
    sky.answers_twice = true;
    for (int i = 0; i < 2; i++) {
        /* The first answer has no row, which an insert may not have. */
        assert_reply("POST", "/planets", NULL, "{\"data\":{\"name\":\"x\"}}", 500, NULL);
        assert_get("/planets/1", 200, NULL);
    }
    assert_int_equal(sky.n_released, sky.n_rows_answers);
}

static void a_wish_nobody_waits_for_is_cancelled(void **state)
{
    (void)state;
    sky.stalls = true;
    assert_get("/planets", 504, NULL);
    assert_get("/stars/1?include=planets", 504, NULL);
    sky.stalls = false;
    assert_get("/planets/1", 200, NULL);
    assert_int_equal(sky.n_cancelled, 3);
    assert_int_equal(sky.n_released, sky.n_rows_answers);
}

static void hooks_set_members_that_clients_may_not(void **state)
{
    (void)state;
    assert_reply("POST", "/comets", NULL, "{\"data\":{\"name\":\"Halley\",\"star_id\":1}}", 422,
                 NULL);
    assert_reply("POST", "/comets", NULL, "{\"data\":{\"name\":\"Halley\"}}", 201,
                 "{\"data\":{\"id\":8,\"name\":\"Halley\",\"star_id\":2}}");
    assert_reply("PUT", "/comets/8", NULL, "{\"data\":{\"name\":\"H\"}}", 200,
                 "{\"data\":{\"id\":8,\"name\":\"H\",\"star_id\":3}}");
    assert_int_equal(hooks.n_before, 2);
    assert_int_equal(hooks.n_after, 2);
    assert_int_equal(hooks.after_id, 8);
}

static void hooks_refuse_and_wait(void **state)
{
    (void)state;
    assert_reply("POST", "/comets", NULL, "{\"data\":{\"name\":\"refuse\"}}", 403,
                 "{\"errors\":[{\"code\":\"forbidden\",\"detail\":\"No such comet.\"}]}");
    assert_int_equal(hooks.n_after, 0);
    assert_reply("POST", "/comets", NULL, "{\"data\":{\"name\":\"wait\"}}", 201,
                 "{\"data\":{\"id\":8,\"name\":\"wait\",\"star_id\":null}}");
    assert_reply("DELETE", "/comets/8", "X-Keep: 1\r\n", NULL, 409, NULL);
    assert_int_equal(hooks.n_after, 1);
    assert_reply("DELETE", "/comets/8", NULL, NULL, 204, NULL);
    assert_int_equal(hooks.n_after, 2);
}

static void what_a_hook_spoils_is_an_internal_error(void **state)
{
    (void)state;
    assert_reply("POST", "/comets", NULL, "{\"data\":{\"name\":\"spoil\"}}", 500, NULL);
    assert_reply("POST", "/comets", NULL, "{\"data\":{\"name\":\"invent\"}}", 500, NULL);
    assert_int_equal(hooks.n_after, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lists_and_entities_come_from_any_provider, reset),
        cmocka_unit_test_setup(includes_come_from_any_provider, reset),
        cmocka_unit_test_setup(changes_go_to_any_provider, reset),
        cmocka_unit_test_setup(failures_are_answered_by_their_status, reset),
        cmocka_unit_test_setup(failures_never_tell_their_message_but_the_members_concerned, reset),
        cmocka_unit_test_setup(a_second_answer_is_released_and_ignored, reset),
        cmocka_unit_test_setup(a_wish_nobody_waits_for_is_cancelled, reset),
        cmocka_unit_test_setup(hooks_set_members_that_clients_may_not, reset),
        cmocka_unit_test_setup(hooks_refuse_and_wait, reset),
        cmocka_unit_test_setup(what_a_hook_spoils_is_an_internal_error, reset),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
