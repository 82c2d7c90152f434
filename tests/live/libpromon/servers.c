/*
 * Probes of servers; each fails the test by itself.
 */
#include "servers.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "support/places.h"

enum { TEXTS = 16, TEXT_BYTES = 4096 };

const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        fail_msg("%s is not set", name);
    return value;
}

static char *next_text(void)
{
    static char texts[TEXTS][TEXT_BYTES];
    static unsigned next;

    return texts[next++ % TEXTS];
}

const char *json_of(const char *text)
{
    char *out = next_text();
    json_t *value = json_string(text);
    size_t size;

    assert_non_null(value);
    size = json_dumpb(value, out, TEXT_BYTES - 1, JSON_ENCODE_ANY);
    assert_true(size > 0 && size < TEXT_BYTES);
    out[size] = '\0';
    json_decref(value);
    return out;
}

const char *params_with(const struct kind *kind, const char *more)
{
    char *out = next_text();
    json_t *params = json_loads(kind->params(), 0, NULL), *over = json_loads(more, 0, NULL);
    json_t *value;
    const char *key;
    void *next;
    size_t size;

    if (params == NULL || over == NULL)
        fail_msg("not JSON: %s or %s", kind->params(), more);
    json_object_foreach_safe(over, next, key, value)
    {
        if (json_is_null(value))
            json_object_del(params, key);
        else
            json_object_set(params, key, value);
    }
    size = json_dumpb(params, out, TEXT_BYTES - 1, 0);
    assert_true(size > 0 && size < TEXT_BYTES);
    out[size] = '\0';
    json_decref(params);
    json_decref(over);
    return out;
}

static void assert_no_secret(const struct kind *kind, const struct probed *probed)
{
    const char *password = setting(kind->password);

    assert_null(strstr(probed->result.message, password));
    assert_null(strstr(probed->notes, password));
}

struct probed run_row(const struct kind *kind, const struct row *row)
{
    const char *params = params_with(kind, row->more);
    const struct probed probed =
        probe_once(kind->module, params, LONG_MS, row->verdict, row->reason);

    assert_no_secret(kind, &probed);
    return probed;
}

void run_rows(const struct kind *kind, const struct row *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        print_message("row %zu: %s\n", i, rows[i].more);
        (void)run_row(kind, &rows[i]);
    }
}

struct probed run_at(const struct kind *kind, uint16_t port, const char *more, int64_t timeout_ms,
                     enum promon_verdict verdict, enum promon_reason reason)
{
    char over[512];
    struct probed probed;

    snprintf(over, sizeof(over), "{\"host\": \"127.0.0.1\", \"port\": %u%s}", port, more);
    probed = probe_once(kind->module, params_with(kind, over), timeout_ms, verdict, reason);
    assert_no_secret(kind, &probed);
    return probed;
}

void stay_silent(struct tiny_peer *peer, void *data)
{
    (void)data;
    tiny_hold(peer);
}

static void leave(struct tiny_peer *peer, void *data)
{
    (void)peer;
    (void)data;
}

static void reset(struct tiny_peer *peer, void *data)
{
    (void)data;
    tiny_reset(peer);
}

static void talk_of_something_else(struct tiny_peer *peer, void *data)
{
    (void)data;
    tiny_say(peer, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    tiny_hold(peer);
}

static void drip(struct tiny_peer *peer, void *data)
{
    const struct kind *kind = data;

    tiny_send(peer, kind->beginning, kind->beginning_size);
    /* The pause does not last when the peer has said something. */
    while (tiny_pause(peer, 0)) {
        usleep(20000);
        tiny_say(peer, "x");
    }
}

static void run_against(const struct kind *kind, tiny_serve_fn serve, int64_t timeout_ms,
                        enum promon_reason reason)
{
    struct kind copy = *kind;
    struct tiny_server *server = tiny_server_new(NULL, serve, &copy);
    const struct probed probed =
        run_at(kind, tiny_server_port(server), "", timeout_ms, PROMON_DOWN, reason);

    assert_true(probed.result.phases_ns[PROMON_PHASE_RESOLVE] >= 0 ||
                probed.result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
    tiny_server_free(server);
}

static void run_without_a_peer(const struct kind *kind)
{
    struct black_hole *hole = black_hole_new();
    const struct row unknown = {"{\"host\": \"no-such-name.invalid\"}", PROMON_DOWN,
                                PROMON_REASON_DNS};
    uint16_t port;
    const int fd = refused_port(&port);

    (void)run_at(kind, port, "", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    (void)run_at(kind, black_hole_port(hole), "", SHORT_MS, PROMON_DOWN,
                 PROMON_REASON_CONNECT_TIMEOUT);
    (void)run_row(kind, &unknown);
    black_hole_free(hole);
    close(fd);
}

/* What a signal that would end this program does now. */
static void (*on_broken_pipe(void))(int)
{
    struct sigaction action;

    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    return action.sa_handler;
}

void harm_in_every_way(const struct kind *kind)
{
    run_without_a_peer(kind);
    run_against(kind, stay_silent, SHORT_MS, PROMON_REASON_TIMEOUT);
    run_against(kind, drip, SHORT_MS, PROMON_REASON_TIMEOUT);
    run_against(kind, leave, LONG_MS, PROMON_REASON_PROTOCOL);
    run_against(kind, reset, LONG_MS, PROMON_REASON_PROTOCOL);
    run_against(kind, talk_of_something_else, LONG_MS, PROMON_REASON_PROTOCOL);
    assert_true(on_broken_pipe() == SIG_DFL);
}

void control(const struct kind *kind, const char *action)
{
    char command[1024];

    snprintf(command, sizeof(command), "'%s' service %s", setting(kind->control), action);
    if (system(command) != 0)
        fail_msg("%s failed", command);
}

void freeze_and_stop(const struct kind *kind)
{
    struct prober *prober = prober_new(modules_folder(), kind->module, params_with(kind, "{}"));
    const struct probed *probed;

    (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    control(kind, "sigstop");
    probed = prober_run(prober, SHORT_MS);
    control(kind, "sigcont");
    assert_int_equal(probed->result.verdict, PROMON_DOWN);
    assert_int_equal(probed->result.reason, kind->frozen);
    assert_true(probed->took_ms < 10000);
    (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    control(kind, "stop");
    probed = prober_run(prober, LONG_MS);
    control(kind, "start");
    assert_int_equal(probed->result.verdict, PROMON_DOWN);
    assert_int_equal(probed->result.reason, PROMON_REASON_REFUSED);
    (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    prober_free(prober);
}

static unsigned count_entries(const char *folder)
{
    DIR *opened = opendir(folder);
    unsigned count = 0;

    assert_non_null(opened);
    while (readdir(opened) != NULL)
        count++;
    closedir(opened);
    return count;
}

void keep_through_a_restart(const struct kind *kind)
{
    struct prober *prober =
        prober_new(modules_folder(), kind->module, params_with(kind, "{\"connect\": \"keep\"}"));
    const struct probed *probed;
    unsigned descriptors;

    probed = prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(probed->result.phases_ns[PROMON_PHASE_LOGIN] >= 0);
    descriptors = count_entries("/proc/self/fd");
    probed = prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(probed->result.phases_ns[PROMON_PHASE_LOGIN] < 0);
    assert_true(probed->result.phases_ns[PROMON_PHASE_QUERY] >= 0);
    control(kind, "restart");
    probed = prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    assert_true(probed->result.phases_ns[PROMON_PHASE_LOGIN] >= 0);
    assert_int_equal(count_entries("/proc/self/fd"), descriptors);
    prober_free(prober);
}

static void cycle_one(const struct kind *kind, const char *more, unsigned count, int64_t timeout_ms,
                      enum promon_verdict verdict, enum promon_reason reason)
{
    struct prober *prober = prober_new(modules_folder(), kind->module, params_with(kind, more));
    unsigned descriptors = 0, threads = 0, i;

    for (i = 0; i < count; i++) {
        (void)prober_expect(prober, timeout_ms, verdict, reason);
        if (i == 0) {
            descriptors = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
        }
    }
    assert_int_equal(count_entries("/proc/self/fd"), descriptors);
    /* One that resolved a name may be about to end. */
    for (i = 0; i < 1000 && count_entries("/proc/self/task") > threads; i++)
        usleep(10000);
    assert_true(count_entries("/proc/self/task") <= threads);
    prober_free(prober);
}

void cycle(const struct kind *kind, unsigned with_server, unsigned without)
{
    char more[128];
    uint16_t port;
    const int fd = refused_port(&port);

    snprintf(more, sizeof(more), "{\"host\": \"127.0.0.1\", \"port\": %u}", port);
    cycle_one(kind, "{}", with_server, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    cycle_one(kind, "{\"connect\": \"keep\"}", with_server, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    cycle_one(kind, more, without, LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    control(kind, "sigstop");
    cycle_one(kind, "{}", 5, 100, PROMON_DOWN, kind->frozen);
    control(kind, "sigcont");
    close(fd);
}
