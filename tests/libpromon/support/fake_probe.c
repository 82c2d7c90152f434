/*
 * Probes whose verdict the test decides.
 */
#include "test.h"

#include "fake_probe.h"

#include <time.h>

#include "monitor.h"

static enum promon_verdict check(void *data, int64_t deadline_ns, struct promon_result *result)
{
    const struct fake_probe *fake = data;

    (void)deadline_ns;
    if (fake->tls_not_after_s != 0)
        promon_result_certificate(result, fake->tls_not_after_s, fake->tls_not_after_s, true);
    if (fake->verdict == PROMON_UP)
        return PROMON_UP;
    return promon_result_fail(result, fake->reason, "%s",
                              fake->message == NULL ? "" : fake->message);
}

struct promon *fake_monitor(const struct promon_options *options)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    if (promon_new(options, &promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return promon;
}

void fake_probe_add(struct promon *promon, const struct fake_probe *fake)
{
    const char *const groups[] = {fake->group, NULL};
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    options.name = fake->name;
    options.description = fake->description;
    options.check = check;
    options.data = (void *)(uintptr_t)fake;
    options.groups = groups;
    if (promon_probe_add(promon, &options, &error) != PROMON_OK)
        fail_msg("%s", error.message);
}

void fake_probe_run(struct promon *promon, const struct fake_probe *fake)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon_probe_run(promon, fake->name, &status, &error) != PROMON_OK)
        fail_msg("%s", error.message);
}

void fake_get(struct promon *promon, const char *path, const char *query, struct promon_page *page)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    request.path = path;
    request.query = query;
    if (promon_respond(promon, &request, page, &error) != PROMON_OK)
        fail_msg("%s: %s", path, error.message);
}

void fake_expect(struct promon *promon, const char *path, const char *query, int status,
                 const char *body)
{
    struct promon_page page = PROMON_PAGE_INIT;

    fake_get(promon, path, query, &page);
    assert_string_equal(page.body, body);
    assert_int_equal(page.status, status);
    assert_int_equal(page.body_size, strlen(body));
    promon_page_clear(&page);
}

struct memory {
    const char *name;
    int64_t time_s, duration_ns;
    bool was_up;
};

static void remember(void *data, const struct promon__probe_view *view)
{
    const struct memory *memory = data;

    /* The engine's own, shown as constant. */
    if (strcmp(view->name, memory->name) == 0)
        promon__history_add((struct promon__history *)(uintptr_t)view->history, memory->time_s,
                            memory->was_up ? PROMON__WAS_UP : PROMON__WAS_DOWN,
                            memory->duration_ns);
}

void fake_remember(struct promon *promon, const char *name, int64_t age_s, bool was_up,
                   int64_t duration_ns)
{
    struct memory memory = {name, time(NULL) - age_s, duration_ns, was_up};

    promon__engine_visit(promon->engine, remember, &memory);
}
