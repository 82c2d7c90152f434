/* The page of metrics: formats, names, gzip, memory, and requests that meet. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exposition.h"
#include "registry.h"
#include "support/page_file.h"

struct fixture {
    struct promon__registry *registry;
    struct promon__expositor *expositor;
    struct promon_page page;
};

static void open_fixture(struct fixture *fixture)
{
    const struct promon_page page = PROMON_PAGE_INIT;

    memset(fixture, 0, sizeof(*fixture));
    fixture->page = page;
    assert_int_equal(promon__registry_new(&fixture->registry, NULL), PROMON_OK);
    assert_int_equal(promon__expositor_new(fixture->registry, false, &fixture->expositor, NULL),
                     PROMON_OK);
}

static void close_fixture(struct fixture *fixture)
{
    promon_page_clear(&fixture->page);
    promon__expositor_free(fixture->expositor);
    promon__registry_free(fixture->registry);
}

static struct promon_family *add_family(struct fixture *fixture, enum promon_kind kind,
                                        const char *name, const char *const *labels)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_family *family = NULL;

    options.kind = kind;
    options.name = name;
    options.help = "Help.";
    options.labels = labels;
    assert_int_equal(promon__registry_family_add(fixture->registry, &options, &family, NULL),
                     PROMON_OK);
    return family;
}

static void ask(struct fixture *fixture, const struct promon_request *request)
{
    assert_int_equal(promon__expositor_page(fixture->expositor, request, &fixture->page, NULL),
                     PROMON_OK);
    assert_int_equal(fixture->page.status, 200);
    assert_string_equal(fixture->page.vary, "Accept, Accept-Encoding");
    assert_string_equal(fixture->page.cache_control, "no-store");
}

static void page_is_in_the_format_that_accept_asks_for(void **state)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture);
    promon_family_count(add_family(&fixture, PROMON_COUNTER, "a_total", NULL), NULL, 2);
    ask(&fixture, &request);
    assert_non_null(strstr(fixture.page.body, "# TYPE a_total counter\na_total 2\n"));
    assert_string_equal(fixture.page.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(fixture.page.content_encoding, "");
    request.accept = "application/openmetrics-text";
    ask(&fixture, &request);
    assert_non_null(strstr(fixture.page.body, "# TYPE a counter\n"));
    assert_null(strstr(fixture.page.body, "_created"));
    assert_string_equal(fixture.page.content_type,
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    request.format = PROMON_FORMAT_OPENMETRICS_2;
    ask(&fixture, &request);
    assert_non_null(strstr(fixture.page.body, "a_total 2 st@"));
    request.format = PROMON_FORMAT_TEXT_1;
    ask(&fixture, &request);
    assert_string_equal(fixture.page.content_type,
                        "text/plain; version=1.0.0; charset=utf-8; escaping=underscores");
    request.format = PROMON_FORMAT_PROTOBUF;
    ask(&fixture, &request);
    assert_non_null(memmem(fixture.page.body, fixture.page.body_size, "a_total", 7));
    close_fixture(&fixture);
}

static void names_choose_families(void **state)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture);
    add_family(&fixture, PROMON_GAUGE, "a", NULL);
    add_family(&fixture, PROMON_GAUGE, "b", NULL);
    add_family(&fixture, PROMON_HISTOGRAM, "c", NULL);
    request.query = "name[]=b&name%5B%5D=c_count";
    ask(&fixture, &request);
    assert_null(strstr(fixture.page.body, "# TYPE a gauge\n"));
    assert_non_null(strstr(fixture.page.body, "# TYPE b gauge\n"));
    assert_non_null(strstr(fixture.page.body, "# TYPE c histogram\n"));
    request.query = "name[]=unknown";
    ask(&fixture, &request);
    assert_int_equal(fixture.page.body_size, 0);
    assert_string_equal(fixture.page.body, "");
    close_fixture(&fixture);
}

static void page_is_compressed_when_that_is_wanted(void **state)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct text output = {0};
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture);
    add_family(&fixture, PROMON_GAUGE, "a", NULL);
    request.accept_encoding = "gzip;q=0.5, deflate";
    ask(&fixture, &request);
    assert_string_equal(fixture.page.content_encoding, "gzip");
    assert_int_equal(run_with_page("gzip -dc", fixture.page.body, fixture.page.body_size, &output),
                     0);
    request.accept_encoding = "gzip;q=0";
    ask(&fixture, &request);
    assert_string_equal(fixture.page.content_encoding, "");
    assert_string_equal(fixture.page.body, output.data);
    request.accept_encoding = "gzip";
    request.query = "name[]=none";
    ask(&fixture, &request);
    assert_string_equal(fixture.page.content_encoding, "gzip");
    assert_true(fixture.page.body_size > 0);
    text_free(&output);
    close_fixture(&fixture);
}

static void ask_for_all(struct fixture *fixture)
{
    static const enum promon_format formats[] = {PROMON_FORMAT_TEXT, PROMON_FORMAT_OPENMETRICS_1,
                                                 PROMON_FORMAT_OPENMETRICS_2,
                                                 PROMON_FORMAT_PROTOBUF};
    struct promon_request request = PROMON_REQUEST_INIT;
    size_t i;

    for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        request.format = formats[i];
        request.accept_encoding = i % 2 == 0 ? "gzip" : NULL;
        ask(fixture, &request);
    }
}

static void pages_after_the_first_need_no_memory(void **state)
{
    static const char *const labels[] = {"n", NULL};
    struct promon_family *gauge, *histogram;
    struct fixture fixture;
    unsigned i;

    (void)state;
    open_fixture(&fixture);
    gauge = add_family(&fixture, PROMON_GAUGE, "a", labels);
    histogram = add_family(&fixture, PROMON_HISTOGRAM, "b", labels);
    for (i = 0; i < 1000; i++) {
        char number[16];
        const char *values[] = {number, NULL};

        snprintf(number, sizeof(number), "%u", i);
        promon_family_set(gauge, values, i * 0.1);
        promon_family_observe(histogram, values, i);
    }
    ask_for_all(&fixture);
    ask_for_all(&fixture);
    oom_fail_from(1);
    ask_for_all(&fixture);
    assert_false(oom_stop());
    close_fixture(&fixture);
}

static void ask_without_memory(void *context)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct fixture *fixture = context;
    enum promon_status status;
    bool has_failed;

    request.accept_encoding = "gzip";
    promon_page_clear(&fixture->page);
    status = promon__expositor_page(fixture->expositor, &request, &fixture->page, &error);
    has_failed = oom_stop();
    if (status != PROMON_OK) {
        assert_true(has_failed);
        assert_int_equal(status, PROMON_ENOMEM);
        assert_int_equal(error.status, PROMON_ENOMEM);
        assert_int_equal(fixture->page.status, 500);
        assert_int_equal(fixture->page.body_size, 0);
    } else {
        assert_int_equal(fixture->page.status, 200);
        assert_true(fixture->page.body_size > 0);
        if (!has_failed)
            assert_string_equal(fixture->page.content_encoding, "gzip");
    }
}

static void page_without_memory_is_plain_or_500_and_the_next_is_whole(void **state)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture);
    promon_family_count(add_family(&fixture, PROMON_COUNTER, "a_total", NULL), NULL, 1);
    assert_true(oom_for_every_allocation(ask_without_memory, &fixture) > 2);
    ask(&fixture, &request);
    assert_non_null(strstr(fixture.page.body, "a_total 1\n"));
    close_fixture(&fixture);
}

static void make_without_memory(void *context)
{
    struct promon__expositor *expositor = NULL;
    const enum promon_status status = promon__expositor_new(context, false, &expositor, NULL);

    if (oom_stop())
        assert_int_equal(status, PROMON_ENOMEM);
    promon__expositor_free(expositor);
}

static void expositor_is_made_whole_or_not_at_all(void **state)
{
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture);
    assert_true(oom_for_every_allocation(make_without_memory, fixture.registry) > 0);
    close_fixture(&fixture);
}

/* A collector that is held until the test lets it go, and counts how often it was asked. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
    unsigned n_inside, n_collected;
};

static void pass_gate(void *data, struct promon_collection *collection)
{
    struct promon_collected family = PROMON_COLLECTED_INIT;
    struct gate *gate = data;

    pthread_mutex_lock(&gate->lock);
    gate->n_inside++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->n_collected++;
    family.kind = PROMON_GAUGE;
    family.name = "gate";
    family.help = "How often it was passed.";
    promon_collect_family(collection, &family);
    promon_collect_value(collection, NULL, gate->n_collected);
    pthread_mutex_unlock(&gate->lock);
}

struct scraper {
    struct fixture *fixture;
    const char *query;
    const char *accept_encoding;
    struct promon_page page;
    pthread_t thread;
};

static void *scrape(void *data)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct scraper *scraper = data;

    request.query = scraper->query;
    request.accept_encoding = scraper->accept_encoding;
    if (promon__expositor_page(scraper->fixture->expositor, &request, &scraper->page, NULL) !=
        PROMON_OK)
        return scraper;
    return NULL;
}

static void start_scraper(struct scraper *scraper, struct fixture *fixture, const char *query)
{
    const struct promon_page page = PROMON_PAGE_INIT;

    *scraper = (struct scraper){.fixture = fixture, .query = query, .page = page};
    assert_int_equal(pthread_create(&scraper->thread, NULL, scrape, scraper), 0);
}

static void end_scraper(struct scraper *scraper)
{
    void *failed = NULL;

    assert_int_equal(pthread_join(scraper->thread, &failed), 0);
    assert_null(failed);
}

#define N_SCRAPERS 8

/* Gives threads that were started the time to get to where they wait. */
static void let_others_run(long thousandths)
{
    const struct timespec pause = {thousandths / 1000, thousandths % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

static void wait_until_inside(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->n_inside == 0)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

/* One scrape is held while others come. Returns how many gatherings all of them took. */
static unsigned scrape_at_once(struct fixture *fixture, struct gate *gate, long thousandths)
{
    struct scraper scrapers[N_SCRAPERS];
    unsigned i;

    gate->is_open = false;
    gate->n_inside = gate->n_collected = 0;
    start_scraper(&scrapers[0], fixture, NULL);
    wait_until_inside(gate);
    for (i = 1; i < N_SCRAPERS; i++)
        start_scraper(&scrapers[i], fixture, NULL);
    let_others_run(thousandths);
    open_gate(gate);
    for (i = 0; i < N_SCRAPERS; i++) {
        end_scraper(&scrapers[i]);
        assert_int_equal(scrapers[i].page.status, 200);
        /* Nobody but the first has values from before he asked. */
        assert_true((strstr(scrapers[i].page.body, "gate 1.0\n") != NULL) == (i == 0));
        promon_page_clear(&scrapers[i].page);
    }
    return gate->n_collected;
}

/* On a slow machine it takes several attempts until all are there in time. */
static void requests_that_wait_for_the_same_share_one_gathering(void **state)
{
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0};
    struct promon_collector *collector = NULL;
    struct fixture fixture;
    long pause = 20;

    (void)state;
    open_fixture(&fixture);
    assert_int_equal(
        promon__registry_collector_add(fixture.registry, pass_gate, &gate, &collector, NULL),
        PROMON_OK);
    while (scrape_at_once(&fixture, &gate, pause) != 2 && pause < 20000)
        pause *= 3;
    assert_int_equal(gate.n_collected, 2);
    promon__registry_collector_remove(fixture.registry, collector);
    close_fixture(&fixture);
}

struct storm {
    struct fixture *fixture;
    struct promon_family *family;
    unsigned seed;
    bool has_failed;
};

static void *scrape_and_count(void *data)
{
    static const char *const queries[] = {NULL, "name[]=a_total", "name[]=none"};
    const struct promon_page empty = PROMON_PAGE_INIT;
    struct promon_page page = empty;
    struct storm *storm = data;
    double before = 0;
    unsigned i;

    for (i = 0; i < 200; i++) {
        struct promon_request request = PROMON_REQUEST_INIT;
        const char *value;

        promon_family_count(storm->family, NULL, 1);
        request.query = queries[(storm->seed + i) % 3];
        request.accept_encoding = i % 5 == 0 ? "gzip" : NULL;
        if (promon__expositor_page(storm->fixture->expositor, &request, &page, NULL) != PROMON_OK)
            storm->has_failed = true;
        if (i % 5 == 0 || (storm->seed + i) % 3 == 2)
            continue;
        /* What this thread has counted is there, and nothing goes back. */
        value = strstr(page.body, "\na_total ");
        if (value == NULL || strtod(value + 9, NULL) < i + 1.0 ||
            strtod(value + 9, NULL) < before) {
            storm->has_failed = true;
            break;
        }
        before = strtod(value + 9, NULL);
    }
    promon_page_clear(&page);
    return NULL;
}

static void everybody_sees_what_he_has_counted(void **state)
{
    pthread_t threads[4];
    struct storm storms[4];
    struct fixture fixture;
    struct promon_family *family;
    unsigned i;

    (void)state;
    open_fixture(&fixture);
    family = add_family(&fixture, PROMON_COUNTER, "a_total", NULL);
    for (i = 0; i < 4; i++) {
        storms[i] = (struct storm){&fixture, family, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, scrape_and_count, &storms[i]), 0);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_false(storms[i].has_failed);
    }
    close_fixture(&fixture);
}

static void child_of_a_fork_makes_pages(void **state)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct fixture fixture;
    int status = 1;
    pid_t child;

    (void)state;
    open_fixture(&fixture);
    add_family(&fixture, PROMON_GAUGE, "a", NULL);
    ask(&fixture, &request);
    child = fork();
    if (child == 0) {
        promon__registry_after_fork(fixture.registry);
        promon__expositor_after_fork(fixture.expositor);
        _exit(promon__expositor_page(fixture.expositor, &request, &fixture.page, NULL) !=
                  PROMON_OK ||
              fixture.page.body_size == 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_in_the_format_that_accept_asks_for),
        cmocka_unit_test(names_choose_families),
        cmocka_unit_test(page_is_compressed_when_that_is_wanted),
        cmocka_unit_test(pages_after_the_first_need_no_memory),
        cmocka_unit_test(page_without_memory_is_plain_or_500_and_the_next_is_whole),
        cmocka_unit_test(expositor_is_made_whole_or_not_at_all),
        cmocka_unit_test(requests_that_wait_for_the_same_share_one_gathering),
        cmocka_unit_test(everybody_sees_what_he_has_counted),
        cmocka_unit_test(child_of_a_fork_makes_pages),
    };

    return cmocka_run_group_tests_name("expositor", tests, NULL, NULL);
}
