/* The program: what it prints, how it ends, and that no secret is in either. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/places.h"

extern char **environ;

/* Nothing that the program does takes so long, on whatever machine. */
enum { PATIENCE_MS = 60000, MOST_WORDS = 8 };

static char folder[] = "/tmp/test_tool_promon.XXXXXX";
static char config[64];

static const char probes[] =
    "{\"listen\": {\"port\": 0}, \"metrics\": ["
    "{\"name\": \"good\", \"module\": \"sample\", \"sleep_time\": 5, \"wait_first\": true,"
    " \"params\": {\"verdict\": \"up\", \"port\": 8}},"
    "{\"name\": \"bad\", \"module\": \"sample\", \"sleep_time\": 5,"
    " \"params\": {\"verdict\": \"down\", \"password\": \"s3cret\"}},"
    "{\"name\": \"broken\", \"module\": \"sample\", \"sleep_time\": 5,"
    " \"params\": {\"verdict\": \"error\"}}]}";

static void write_config(const char *json)
{
    FILE *file = fopen(config, "we");

    assert_non_null(file);
    assert_true(fputs(json, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(config, sizeof(config), "%s/promon.json", folder);
    write_config(probes);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink(config) + rmdir(folder);
}

struct program {
    pid_t id;
    int out, err; /* what it writes */
};

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static struct program begin(const char *const *words)
{
    char path[4096], *arguments[MOST_WORDS + 2] = {(char *)"promon"};
    posix_spawn_file_actions_t actions;
    struct program program;
    int out[2], err[2];
    size_t i;

    for (i = 0; words[i] != NULL; i++)
        arguments[i + 1] = (char *)words[i];
    snprintf(path, sizeof(path), "%s/promon", tools_folder());
    make_pipe(out);
    make_pipe(err);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    assert_int_equal(posix_spawn(&program.id, path, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    program.out = out[0];
    program.err = err[0];
    return program;
}

/* Until the end, or until `end` is there; NUL-terminated. */
static void read_until(int fd, const char *end, char *text, size_t room)
{
    size_t size = 0;
    ssize_t piece;

    text[0] = '\0';
    while (end == NULL || strstr(text, end) == NULL) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};

        assert_true(size + 1 < room);
        if (poll(&ready, 1, PATIENCE_MS) != 1)
            fail_msg("no more comes after: %s", text);
        piece = read(fd, text + size, room - size - 1);
        if (piece <= 0)
            break;
        size += (size_t)piece;
        text[size] = '\0';
    }
}

static int end(struct program *program)
{
    int status;

    close(program->out);
    close(program->err);
    assert_int_equal(waitpid(program->id, &status, 0), program->id);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct outcome {
    int status;
    char out[8192], err[8192];
};

#define RUN(outcome, ...) run(outcome, (const char *const[]){__VA_ARGS__, NULL})

static void run(struct outcome *outcome, const char *const *words)
{
    struct program program = begin(words);

    read_until(program.out, NULL, outcome->out, sizeof(outcome->out));
    read_until(program.err, NULL, outcome->err, sizeof(outcome->err));
    outcome->status = end(&program);
    assert_null(strstr(outcome->out, "s3cret"));
    assert_null(strstr(outcome->err, "s3cret"));
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void program_tells_what_it_can_do(void **state)
{
    struct outcome outcome;

    (void)state;
    RUN(&outcome, "help");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "probe   CONFIG NAME");
    RUN(&outcome, "--help");
    assert_int_equal(outcome.status, 0);
    RUN(&outcome, "run", "--help");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "probe   CONFIG NAME");
    RUN(&outcome, "version", "-h");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "-h, --help");
    RUN(&outcome, "version");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out, "promon 0.1.0\n");
}

static void wrong_usage_is_told_exactly(void **state)
{
    static const struct row {
        const char *words[5], *told;
    } rows[] = {
        {{NULL}, "promon: `promon help` tells what there is\n"},
        {{"prob"}, "promon: prob: no such command\npromon: `promon help` tells what there is\n"},
        {{"check"}, "promon: check takes CONFIG\npromon: usage: promon check [OPTION…] CONFIG\n"},
        {{"version", "x"}, "promon: version takes nothing\npromon: usage: promon version\n"},
        {{"probe", "a", "b", "c"}, "promon: probe takes CONFIG NAME\n"},
        {{"check", "--bogus", "x"}, "promon: check: --bogus: no such option"},
        {{"check", "-l", "x", "y"}, "promon: check does not take -l\n"},
        {{"run", "-m"}, "promon: run: -m: no such option, or its value is missing\n"},
        {{"run", "-l", "80", "x"}, "promon: run: --listen takes ADDRESS:PORT"},
        {{"run", "-l", "::1:99999", "x"}, "promon: run: --listen takes ADDRESS:PORT"},
        {{"modules", "../x"}, "promon: modules: ../x: a name has no '/'\n"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct outcome outcome;

        run(&outcome, rows[i].words);
        assert_int_equal(outcome.status, 64);
        assert_string_equal(outcome.out, "");
        assert_has(outcome.err, rows[i].told);
    }
}

static void right_configuration_is_told(void **state)
{
    struct outcome outcome;

    (void)state;
    RUN(&outcome, "check", "-v", "-m", own_modules_folder(), config);
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "good every 5.0 s\n");
    assert_has(outcome.out, ": right, 3 probes\n");
}

static void wrong_configuration_is_told(void **state)
{
    struct outcome outcome;

    (void)state;
    write_config("{\"metrics\": [{\"name\": \"a\", \"module\": \"sample\", "
                 "\"params\": {\"verdict\": \"up\", \"pasword\": \"s3cret\"}}]}");
    RUN(&outcome, "check", "--modules", own_modules_folder(), config);
    write_config(probes);
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.out, "");
    assert_string_equal(outcome.err, "promon: promon.json: metrics[0].params.pasword: unknown key, "
                                     "did you mean \"password\"?\n");
}

static void probe_is_run_and_told(void **state)
{
    struct outcome outcome;

    (void)state;
    RUN(&outcome, "probe", "-v", "-m", own_modules_folder(), config, "good");
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "note         asked to be up\n");
    assert_has(outcome.out, "result       up (1)\n");
    assert_has(outcome.out, "phase        connect 2.000 ms\n");
    assert_has(outcome.out, "value        port 8.0\n");
    assert_has(outcome.out, "certificate  until 2100-01-01 00:00:00 UTC\n");
    assert_null(strstr(outcome.out, "reason"));
}

static void status_of_a_probe_ends_the_program(void **state)
{
    struct outcome outcome;

    (void)state;
    RUN(&outcome, "probe", "-m", own_modules_folder(), config, "bad");
    assert_int_equal(outcome.status, 1);
    assert_has(outcome.out, "result       down (0)\nreason       status: told to be down\n");
    assert_null(strstr(outcome.out, "note"));
    RUN(&outcome, "probe", "-m", own_modules_folder(), config, "broken");
    assert_int_equal(outcome.status, 2);
    assert_has(outcome.out, "result       error (-1)\nreason       internal: told to fail\n");
    RUN(&outcome, "probe", "-m", own_modules_folder(), config, "none");
    assert_int_equal(outcome.status, 2);
    assert_has(outcome.err, "none");
    RUN(&outcome, "probe", "nowhere.json", "good");
    assert_int_equal(outcome.status, 2);
    assert_string_equal(outcome.err,
                        "promon: cannot read nowhere.json: No such file or directory\n");
}

/* Nobody writes into the pipe that the check reads. */
static void probe_that_does_not_end_is_told(void **state)
{
    struct outcome outcome;
    char json[400], silent[100];

    (void)state;
    snprintf(silent, sizeof(silent), "%s/silent", folder);
    assert_int_equal(mkfifo(silent, 0600), 0);
    snprintf(json, sizeof(json),
             "{\"metrics\": [{\"name\": \"stuck\", \"module\": \"sample\", \"timeout\": 0.1, "
             "\"params\": {\"verdict\": \"up\", \"file\": \"%s\"}}]}",
             silent);
    write_config(json);
    RUN(&outcome, "probe", "-m", own_modules_folder(), config, "stuck");
    write_config(probes);
    assert_int_equal(unlink(silent), 0);
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, 1);
    assert_has(outcome.out, "result       down (0)\n");
    assert_has(outcome.out, "reason       overrun: the check has not returned for ");
}

static void modules_are_listed_with_their_parameters(void **state)
{
    struct outcome outcome;

    (void)state;
    RUN(&outcome, "modules", "-m", modules_folder());
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "http ");
    RUN(&outcome, "modules", "-m", own_modules_folder(), "sample");
    assert_int_equal(outcome.status, 0);
    assert_has(outcome.out, "sample: answers what it is told to\n");
    assert_has(outcome.out, "  port               integer     a number; default 7; 1 to 65535\n");
    assert_has(outcome.out, "what it answers; required\n");
    assert_has(outcome.out, "what nobody sees; secret\n");
    RUN(&outcome, "modules", "-m", "/nowhere");
    assert_int_equal(outcome.status, 1);
    RUN(&outcome, "modules", "-m", own_modules_folder(), "none");
    assert_int_equal(outcome.status, 1);
}

static void fetch(unsigned port, const char *path, char *out, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char request[200];
    const int length = snprintf(request, sizeof(request),
                                "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, (size_t)length, MSG_NOSIGNAL), length);
    read_until(fd, NULL, out, size);
    close(fd);
}

static unsigned port_told(struct program *program, char *log, size_t size)
{
    const char *told;

    read_until(program->err, "answering on port ", log, size);
    told = strstr(log, "answering on port ");
    if (told == NULL)
        fail_msg("%s", log);
    if (strchr(told, '\n') == NULL)
        read_until(program->err, "\n", log + strlen(log), size - strlen(log));
    return (unsigned)strtoul(told + strlen("answering on port "), NULL, 10);
}

static void exporter_answers_reloads_and_ends(void **state)
{
    const char *const words[] = {"run", "-m", own_modules_folder(), config, NULL};
    struct program program = begin(words);
    char log[8192], page[65536];
    const unsigned port = port_told(&program, log, sizeof(log));

    (void)state;
    fetch(port, "/ping", page, sizeof(page));
    assert_has(page, "\r\n\r\npong");
    fetch(port, "/metrics", page, sizeof(page));
    assert_has(page, "\ngood 1.0\n");
    write_config("{\"listen\": {\"port\": 0}, \"metrics\": [{\"name\": \"other\", \"module\": "
                 "\"sample\", \"params\": {\"verdict\": \"up\"}}]}");
    assert_int_equal(kill(program.id, SIGHUP), 0);
    read_until(program.err, "info the configuration was loaded\n", log, sizeof(log));
    fetch(port, "/metrics", page, sizeof(page));
    assert_has(page, "\nother ");
    assert_null(strstr(page, "\ngood "));
    write_config("{\"title\": \"s3cret\"");
    assert_int_equal(kill(program.id, SIGHUP), 0);
    read_until(program.err, "before the JSON does\n", log, sizeof(log));
    assert_has(log, " error the configuration stays as it was: promon.json: line 1");
    assert_null(strstr(log, "s3cret"));
    fetch(port, "/metrics", page, sizeof(page));
    assert_has(page, "\nother ");
    write_config(probes);
    assert_int_equal(kill(program.id, SIGTERM), 0);
    read_until(program.err, NULL, log, sizeof(log));
    assert_has(log, " info stopping\n");
    assert_int_equal(end(&program), 0);
}

static void exporter_listens_where_it_is_told_to(void **state)
{
    const char *const words[] = {"run",  "-l", "127.0.0.1:0", "-m", own_modules_folder(),
                                 config, NULL};
    struct outcome outcome;
    struct program program;
    char log[8192], page[4096];

    (void)state;
    run(&outcome, words);
    assert_int_equal(outcome.status, 64);
    assert_has(outcome.err, "has \"listen\" itself");
    write_config("{}");
    program = begin(words);
    fetch(port_told(&program, log, sizeof(log)), "/ping", page, sizeof(page));
    assert_has(page, "\r\n\r\npong");
    assert_int_equal(kill(program.id, SIGINT), 0);
    read_until(program.err, NULL, log, sizeof(log));
    assert_int_equal(end(&program), 0);
    write_config(probes);
}

static void exporter_that_cannot_listen_says_so(void **state)
{
    struct outcome outcome;

    (void)state;
    write_config("{\"listen\": {\"address\": \"192.0.2.1\"}}");
    RUN(&outcome, "run", config);
    write_config(probes);
    assert_int_equal(outcome.status, 1);
    assert_has(outcome.err, "promon: ");
    assert_has(outcome.err, "192.0.2.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_tells_what_it_can_do),
        cmocka_unit_test(wrong_usage_is_told_exactly),
        cmocka_unit_test(right_configuration_is_told),
        cmocka_unit_test(wrong_configuration_is_told),
        cmocka_unit_test(probe_is_run_and_told),
        cmocka_unit_test(status_of_a_probe_ends_the_program),
        cmocka_unit_test(probe_that_does_not_end_is_told),
        cmocka_unit_test(modules_are_listed_with_their_parameters),
        cmocka_unit_test(exporter_answers_reloads_and_ends),
        cmocka_unit_test(exporter_listens_where_it_is_told_to),
        cmocka_unit_test(exporter_that_cannot_listen_says_so),
    };

    return cmocka_run_group_tests_name("tool_promon", tests, make_folder, remove_folder);
}
