/*
 * A real Prometheus scrapes the same metrics as text, as OpenMetrics, as protobuf, and as what it
 * chooses itself from the listener, and tells by its API what it has understood.
 *
 * It always asks for protobuf first; the three formats that are fixed are served by the test, which
 * renders pages as any HTTP server of an application would.
 */
#include "test.h"

#include <jansson.h>
#include <math.h>
#include <promon/promon.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "support/page_file.h"
#include "support/tiny_server.h"
#include "text.h"

enum { N_FIXED = 3, PATIENCE_S = 100, COMMAND_BYTES = 2048, REQUEST_BYTES = 8192 };

#define SPECIAL "a\\b \"c\"\nd{e=\"f\"} 1 # \xc3\xbcn\xc3\xaf"

static const struct {
    const char *job;
    enum promon_format format;
} fixed[N_FIXED] = {{"text", PROMON_FORMAT_TEXT},
                    {"openmetrics", PROMON_FORMAT_OPENMETRICS_1},
                    {"protobuf", PROMON_FORMAT_PROTOBUF}};
static const char *const jobs[] = {"text", "openmetrics", "protobuf", "chosen"};

#define N_JOBS (sizeof(jobs) / sizeof(jobs[0]))

static struct promon *promon;
static struct tiny_server *servers[N_FIXED];

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL) {
        fprintf(stderr, "%s is not set: run by tests/services/with prometheus\n", name);
        exit(2);
    }
    return value;
}

static void serve(struct tiny_peer *peer, void *data)
{
    const enum promon_format *format = data;
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;
    char asked[REQUEST_BYTES], head[512];

    if (!tiny_request(peer, asked, sizeof(asked)))
        return;
    request.format = *format;
    if (promon_respond(promon, &request, &page, NULL) == PROMON_OK) {
        snprintf(head, sizeof(head),
                 "HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                 "Connection: close\r\n\r\n",
                 page.status, page.content_type, page.body_size);
        tiny_say(peer, head);
        tiny_send(peer, page.body, page.body_size);
    }
    promon_page_clear(&page);
}

static struct promon_family *add(struct promon_family_options *options, enum promon_kind kind,
                                 const char *name, const char *const *labels)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_family *family = NULL;

    options->kind = kind;
    options->name = name;
    options->help = "Of \"a\" test\\with\nlines.";
    options->labels = labels;
    if (promon_family_add(promon, options, &family, &error) != PROMON_OK)
        fail_msg("%s: %s", name, error.message);
    return family;
}

static struct promon_family *add_plain(enum promon_kind kind, const char *name,
                                       const char *const *labels)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;

    return add(&options, kind, name, labels);
}

static struct promon_cell *cell_of(struct promon_family *family, const char *const *values)
{
    struct promon_cell *cell = NULL;

    assert_int_equal(promon_family_cell(family, values, &cell, NULL), PROMON_OK);
    return cell;
}

static void count_things(void)
{
    static const char *const labels[] = {"queue", NULL};
    static const char *const mail[] = {"mail", NULL}, *const special[] = {SPECIAL, NULL};
    static const char *const trace[] = {"trace_id", "of a counter", NULL};
    static const char *const states[] = {"on", "off", NULL};
    struct promon_family *family = add_plain(PROMON_COUNTER, "live_jobs_total", labels);
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;

    promon_family_count(family, special, 7);
    promon_family_count(family, mail, 4);
    promon_cell_add_exemplar(cell_of(family, mail), 1, trace);
    promon_family_set(add_plain(PROMON_GAUGE, "live_level", NULL), NULL, 60297216.125);
    promon_family_set(add_plain(PROMON_GAUGE, "live_nan", NULL), NULL, NAN);
    add_plain(PROMON_INFO, "live_build_info", labels);
    (void)cell_of(add_plain(PROMON_COUNTER, "live_none_total", NULL), NULL);
    options.states = states;
    promon_cell_set_only_state(cell_of(add(&options, PROMON_STATESET, "live_state", NULL), NULL),
                               1);
}

/* 1 to 100 milliseconds, one of them with an example. */
static void observe_all(struct promon_family *family)
{
    static const char *const trace[] = {"trace_id", "of a histogram", NULL};
    struct promon_cell *cell = cell_of(family, NULL);
    int i;

    for (i = 1; i <= 99; i++)
        promon_cell_observe(cell, i / 1000.0);
    promon_cell_observe_exemplar(cell, 0.1, trace);
}

static void observe_things(void)
{
    static const double bounds[] = {0.025, 0.05, 0.1};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;

    options.buckets = bounds;
    options.n_buckets = 3;
    observe_all(add(&options, PROMON_HISTOGRAM, "live_classic_seconds", NULL));
    options.native_factor = 1.1;
    observe_all(add(&options, PROMON_HISTOGRAM, "live_both_seconds", NULL));
    options.buckets = NULL;
    options.n_buckets = 0;
    observe_all(add(&options, PROMON_HISTOGRAM, "live_native_seconds", NULL));
    (void)cell_of(add(&options, PROMON_HISTOGRAM, "live_empty_seconds", NULL), NULL);
}

static void write_job(FILE *file, const char *job, unsigned port)
{
    fprintf(file, "  - job_name: %s\n    static_configs:\n      - targets: ['127.0.0.1:%u']\n", job,
            port);
}

static void configure_prometheus(void)
{
    char path[512];
    struct text nothing = {0};
    FILE *file;
    size_t i;

    snprintf(path, sizeof(path), "%s/prometheus.yml", setting("PROMON_TEST_PROMETHEUS_FOLDER"));
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("global:\n  scrape_interval: 3s\n  scrape_timeout: 3s\nscrape_configs:\n", file);
    for (i = 0; i < N_FIXED; i++)
        write_job(file, fixed[i].job, tiny_server_port(servers[i]));
    write_job(file, "chosen", promon_port(promon));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(run_with_page("curl -sSf -X POST \"$PROMON_TEST_PROMETHEUS_URL/-/reload\"", "",
                                   0, &nothing),
                     0);
    text_free(&nothing);
}

/* The member `data` of what the API answers to a question. */
static json_t *ask(const char *place, const char *query)
{
    struct text output = {0};
    char command[COMMAND_BYTES];
    json_t *answer, *data;

    snprintf(command, sizeof(command),
             "curl -sS --max-time 60 -G \"$PROMON_TEST_PROMETHEUS_URL/api/v1/%s\" "
             "--data-urlencode start=%ld --data-urlencode end=%ld --data-urlencode query@-",
             place, (long)time(NULL) - 3600, (long)time(NULL) + 60);
    assert_int_equal(run_with_page(command, query, strlen(query), &output), 0);
    answer = json_loads(output.data, 0, NULL);
    data = json_incref(json_object_get(answer, "data"));
    if (data == NULL)
        fail_msg("%s: %s", query, output.data);
    json_decref(answer);
    text_free(&output);
    return data;
}

/* How many series answer a query; the value of the first goes to *out, which may be NULL. */
static size_t evaluate(const char *query, double *out)
{
    json_t *data = ask("query", query);
    const json_t *result = json_object_get(data, "result");
    const size_t count = json_array_size(result);

    if (count != 0 && out != NULL) {
        const json_t *pair = json_object_get(json_array_get(result, 0), "value");
        const char *text = json_string_value(json_array_get(pair, 1));

        assert_non_null(text);
        *out = strtod(text, NULL);
    }
    json_decref(data);
    return count;
}

static void expect_sample(const char *query, double expected)
{
    double value = -12345;

    if (evaluate(query, &value) != 1 || !(value == expected || (isnan(value) && isnan(expected))))
        fail_msg("%s is %.17g, not %.17g", query, value, expected);
}

/* JOB in the query stands for the selection of the job. */
static void expect_in_job(const char *job, const char *query, double expected)
{
    const char *place = strstr(query, "JOB");
    char whole[512];

    assert_non_null(place);
    snprintf(whole, sizeof(whole), "%.*sjob=\"%s\"%s", (int)(place - query), query, job, place + 3);
    expect_sample(whole, expected);
}

static void expect_in_all(const char *query, double expected)
{
    size_t i;

    for (i = 0; i < N_JOBS; i++)
        expect_in_job(jobs[i], query, expected);
}

/* Two scrapes of each, so that the second one is whole too. */
static void wait_for_scrapes(void)
{
    const time_t end = time(NULL) + PATIENCE_S;

    while (evaluate("count_over_time(up[1h]) >= 2 and up == 1", NULL) < N_JOBS) {
        if (time(NULL) > end) {
            json_t *targets = ask("targets", "");

            json_dumpf(targets, stderr, JSON_INDENT(1));
            fail_msg("not everything is scraped");
        }
        usleep(200000);
    }
}

static int set_up(void **state)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    size_t i;

    (void)state;
    setting("PROMON_TEST_PROMETHEUS_URL");
    listen.port = PROMON_PORT_ANY;
    options.listen = &listen;
    if (promon_new(&options, &promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    count_things();
    observe_things();
    if (promon_start(promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    for (i = 0; i < N_FIXED; i++) {
        servers[i] = tiny_server_new(NULL, serve, (void *)(uintptr_t)&fixed[i].format);
        assert_non_null(servers[i]);
    }
    configure_prometheus();
    wait_for_scrapes();
    return 0;
}

static int tear_down(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_FIXED; i++)
        tiny_server_free(servers[i]);
    promon_free(promon);
    return 0;
}

static void every_format_gives_the_values_that_were_counted(void **state)
{
    (void)state;
    expect_in_all("live_jobs_total{JOB,queue=\"mail\"}", 5);
    expect_in_all("sum(live_jobs_total{JOB})", 12);
    expect_in_all("live_none_total{JOB}", 0);
    expect_in_all("live_level{JOB}", 60297216.125);
    expect_in_all("live_nan{JOB}", NAN);
    expect_in_all("live_state{JOB,live_state=\"on\"}", 0);
    expect_in_all("live_state{JOB,live_state=\"off\"}", 1);
    expect_in_all("count(process_start_time_seconds{JOB})", 1);
}

static void label_of_special_characters_arrives_as_it_was(void **state)
{
    size_t i, found = 0;
    json_t *data = ask("query", "live_jobs_total == 7");
    const json_t *result = json_object_get(data, "result");

    (void)state;
    for (i = 0; i < json_array_size(result); i++) {
        const json_t *metric = json_object_get(json_array_get(result, i), "metric");

        assert_string_equal(json_string_value(json_object_get(metric, "queue")), SPECIAL);
        found++;
    }
    assert_int_equal(found, N_JOBS);
    json_decref(data);
}

static void classic_histogram_has_its_buckets_and_quantiles(void **state)
{
    (void)state;
    expect_in_all("live_classic_seconds_bucket{JOB,le=\"0.025\"}", 25);
    expect_in_all("live_classic_seconds_bucket{JOB,le=\"0.1\"}", 100);
    expect_in_all("live_classic_seconds_bucket{JOB,le=\"+Inf\"}", 100);
    expect_in_all("live_classic_seconds_count{JOB}", 100);
    expect_in_all("round(live_classic_seconds_sum{JOB}, 0.001)", 5.05);
    expect_in_all("histogram_quantile(0.5, live_classic_seconds_bucket{JOB})", 0.05);
}

/* Buckets of a native histogram are a tenth wide: so near is the median. */
static void native_histogram_comes_by_protobuf(void **state)
{
    static const char *const names[] = {"native", "both"};
    char query[256];
    size_t i, k;

    (void)state;
    for (i = 2; i < N_JOBS; i++) {
        for (k = 0; k < 2; k++) {
            snprintf(query, sizeof(query), "histogram_count(live_%s_seconds{JOB})", names[k]);
            expect_in_job(jobs[i], query, 100);
            snprintf(query, sizeof(query), "round(histogram_sum(live_%s_seconds{JOB}), 0.001)",
                     names[k]);
            expect_in_job(jobs[i], query, 5.05);
            snprintf(query, sizeof(query),
                     "abs(histogram_quantile(0.5, live_%s_seconds{JOB}) - 0.05) < bool 0.005",
                     names[k]);
            expect_in_job(jobs[i], query, 1);
        }
        expect_in_job(jobs[i], "histogram_count(live_empty_seconds{JOB})", 0);
    }
}

static void native_histogram_is_a_count_and_a_sum_elsewhere(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_in_job(jobs[i], "live_native_seconds_bucket{JOB,le=\"+Inf\"}", 100);
        expect_in_job(jobs[i], "live_native_seconds_count{JOB}", 100);
        expect_in_job(jobs[i], "live_both_seconds_bucket{JOB,le=\"0.05\"}", 50);
    }
}

/* The one exemplar that is told for a series: its trace and value. */
static void expect_exemplar(const char *query, const char *trace, double value)
{
    json_t *data = ask("query_exemplars", query);
    const json_t *exemplars = json_object_get(json_array_get(data, 0), "exemplars");
    const json_t *first = json_array_get(exemplars, 0);
    const json_t *labels = json_object_get(first, "labels");

    if (first == NULL)
        fail_msg("%s has no exemplar", query);
    assert_string_equal(json_string_value(json_object_get(labels, "trace_id")), trace);
    assert_true(strtod(json_string_value(json_object_get(first, "value")), NULL) == value);
    assert_true(fabs(json_real_value(json_object_get(first, "timestamp")) - (double)time(NULL)) <
                3600);
    json_decref(data);
}

static void exemplars_come_by_openmetrics_and_protobuf(void **state)
{
    (void)state;
    expect_exemplar("live_jobs_total{job=\"openmetrics\"}", "of a counter", 1);
    expect_exemplar("live_jobs_total{job=\"protobuf\"}", "of a counter", 1);
    expect_exemplar("live_classic_seconds_bucket{job=\"openmetrics\"}", "of a histogram", 0.1);
    expect_exemplar("live_classic_seconds_bucket{job=\"protobuf\"}", "of a histogram", 0.1);
    expect_exemplar("live_both_seconds{job=\"protobuf\"}", "of a histogram", 0.1);
}

/* Prometheus drops a second sample of a series silently: then fewer series are new than came. */
static void no_series_comes_twice(void **state)
{
    (void)state;
    expect_sample("count((max_over_time(scrape_series_added[1h]) - "
                  "max_over_time(scrape_samples_scraped[1h])) == 0)",
                  N_JOBS);
}

static void expect_shell(const char *format)
{
    struct text output = {0};
    char command[COMMAND_BYTES], url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%u/metrics", promon_port(promon));
    snprintf(command, sizeof(command), "url=%s\n%s", url, format);
    if (run_with_page(command, "", 0, &output) != 0)
        fail_msg("%s: %s", format, output.data);
    text_free(&output);
}

static void listener_answers_what_accept_asks_for(void **state)
{
    (void)state;
    expect_shell("curl -sS \"$url\" | promtool check metrics; test $? != 1");
    expect_shell("curl -sS -H 'Accept: application/openmetrics-text' \"$url\" |"
                 "/usr/bin/python3 tests/libpromon/pages/parse_openmetrics.py");
    expect_shell("curl -sS -D - -o /dev/null -H 'Accept: application/openmetrics-text' \"$url\" |"
                 "grep -qi '^Content-Type: application/openmetrics-text; version=1.0.0'");
    expect_shell("curl -sS -D - -o /dev/null \"$url\" |"
                 "grep -qi '^Content-Type: text/plain; version=0.0.4; charset=utf-8'");
    expect_shell("curl -sS -H 'Accept-Encoding: gzip' \"$url?name[]=live_level\" --globoff |"
                 "gzip -dc | grep -q '^live_level 6.0297216125e+07$'");
    expect_shell("test $(curl -sS --globoff \"$url?name[]=live_level\" | grep -vc '^#') = 1");
    expect_shell("curl -sS \"$url\" | grep -v '^#' | sed 's/ [^ ]*$//' | sort | uniq -d |"
                 "(! grep .)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_values_that_were_counted),
        cmocka_unit_test(label_of_special_characters_arrives_as_it_was),
        cmocka_unit_test(classic_histogram_has_its_buckets_and_quantiles),
        cmocka_unit_test(native_histogram_comes_by_protobuf),
        cmocka_unit_test(native_histogram_is_a_count_and_a_sum_elsewhere),
        cmocka_unit_test(exemplars_come_by_openmetrics_and_protobuf),
        cmocka_unit_test(no_series_comes_twice),
        cmocka_unit_test(listener_answers_what_accept_asks_for),
    };

    return cmocka_run_group_tests_name("scrape", tests, set_up, tear_down);
}
