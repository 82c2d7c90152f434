/*
 * A battery of raw requests, well-formed and not, as the files in raw/ have them.
 *
 *     # name           begins a case
 *     @ alone          only by itself, not in one packet with the request behind it
 *     >> TEXT          sends TEXT and the end of a line
 *     > TEXT           sends TEXT
 *     >* N TEXT        sends TEXT N times
 *     < STATUS keep    expects this answer, or "close": the last one on the connection; "< eof": none and the end
 *     < STATUS doubled the same as close, but more of this answer may follow
 *     <= TEXT          expects this body of the answer above
 *     ; text           a remark
 *
 * \r \n \t \\ and \xNN are escapes. Behind each case another request is sent on the same connection, once in the same packet
 * and once when the answers have come: it has to be answered, or the connection has to be closed without another answer.
 */
#include "test.h"

#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

#define MAX_INPUT 65536
#define MAX_REPLIES 4
#define AFTER "GET /query?after HTTP/1.1\r\nHost: a\r\n\r\n"

struct expected {
    unsigned status; /* 0: the end of the connection */
    bool closes;
    bool is_doubled;
    bool has_body;
    char body[128];
};

struct test_case {
    char name[128];
    char input[MAX_INPUT];
    size_t size;
    bool is_alone;
    struct expected replies[MAX_REPLIES];
    size_t reply_count;
};

static struct rig rig;
static struct wire_reply reply;
static unsigned case_count;
static unsigned failure_count;

static unsigned hex(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
}

/* Appends `text` with its escapes resolved. */
static void append(struct test_case *test, const char *text)
{
    for (; *text != '\0'; text++) {
        char c = *text;

        if (c == '\\') {
            c = *++text;
            c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c;
            if (c == 'x') {
                c = (char)(hex(text[1]) * 16 + hex(text[2]));
                text += 2;
            }
        }
        assert_true(test->size < MAX_INPUT - 1);
        test->input[test->size++] = c;
    }
}

static void append_repeated(struct test_case *test, char *text)
{
    char *rest;
    unsigned long count = strtoul(text, &rest, 10);

    while (count-- > 0)
        append(test, rest + 1);
}

static void expect(struct test_case *test, const char *text)
{
    struct expected *expected = &test->replies[test->reply_count++];

    assert_true(test->reply_count <= MAX_REPLIES);
    expected->status = (unsigned)strtoul(text, NULL, 10);
    expected->closes = strstr(text, "keep") == NULL;
    expected->is_doubled = strstr(text, "doubled") != NULL;
}

static void read_line(struct test_case *test, char *line)
{
    struct expected *last = test->reply_count != 0 ? &test->replies[test->reply_count - 1] : NULL;

    if (strncmp(line, ">*", 2) == 0) {
        append_repeated(test, line + 3);
    } else if (strncmp(line, ">>", 2) == 0) {
        append(test, line[2] == ' ' ? line + 3 : "");
        append(test, "\\r\\n");
    } else if (line[0] == '>') {
        append(test, line + 2);
    } else if (strncmp(line, "<=", 2) == 0) {
        assert_non_null(last);
        last->has_body = true;
        snprintf(last->body, sizeof(last->body), "%.127s", line + 3);
    } else if (line[0] == '<') {
        expect(test, line + 2);
    } else if (line[0] == '@') {
        test->is_alone = true;
    } else if (line[0] != ';' && line[0] != '\0') {
        fail_msg("what is \"%s\"?", line);
    }
}

static bool is_as_expected(const struct expected *expected)
{
    if (expected->status == 0)
        return reply.outcome == WIRE_CLOSED;
    return reply.outcome == WIRE_REPLY && reply.status == expected->status &&
           (reply.closes || !expected->closes) &&
           (!expected->has_body || strcmp(reply.body, expected->body) == 0);
}

/* Sends the case, alone or with the request behind it; NULL when all went as expected, else what did not. */
static const char *run(const struct test_case *test, bool is_together)
{
    const int fd = wire_open(rig.port);
    const struct expected *last = &test->replies[test->reply_count - 1];
    const char *complaint = NULL;
    size_t i;

    if (fd < 0 || !wire_send(fd, test->input, test->size))
        complaint = "was not taken";
    for (i = 0; complaint == NULL && i < test->reply_count; i++) {
        (void)wire_read(fd, false, 3000, &reply);
        if (!is_as_expected(&test->replies[i]))
            complaint = "got another answer";
    }
    while (complaint == NULL && last->is_doubled &&
           wire_read(fd, false, 3000, &reply) == WIRE_REPLY)
        continue;
    if (complaint == NULL && last->closes) {
        if (last->status != 0 && !wire_is_closed(fd, WIRE_PATIENCE_MS))
            complaint = "was not closed without another answer";
    } else if (complaint == NULL) {
        if ((!is_together && !wire_send(fd, AFTER, strlen(AFTER))) ||
            wire_read(fd, false, 3000, &reply) != WIRE_REPLY || strcmp(reply.body, "after") != 0)
            complaint = "spoiled the request behind it";
    }
    close(fd);
    return complaint;
}

static void check(struct test_case *test, const char *file)
{
    static struct test_case together;
    const char *complaint;

    if (test->size == 0)
        return;
    assert_true(test->reply_count != 0);
    case_count++;
    complaint = run(test, false);
    if (complaint == NULL && !test->is_alone) {
        together = *test;
        memcpy(together.input + together.size, AFTER, strlen(AFTER));
        together.size += strlen(AFTER);
        complaint = run(&together, true);
    }
    if (complaint != NULL) {
        failure_count++;
        print_error("%s: \"%s\" %s: outcome %d, %u %s\n", file, test->name, complaint,
                    reply.outcome, reply.status, reply.body);
    }
    memset(test, 0, sizeof(*test));
}

static void run_file(const char *path)
{
    static struct test_case test;
    char line[1024];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            read_line(&test, line);
            continue;
        }
        check(&test, path);
        snprintf(test.name, sizeof(test.name), "%.127s", line + 2);
    }
    check(&test, path);
    fclose(file);
}

static void every_raw_request_is_treated_as_its_file_says(void **state)
{
    glob_t files;
    size_t i;

    (void)state;
    assert_int_equal(glob("tests/live/libbaseapi/raw/*.txt", 0, NULL, &files), 0);
    for (i = 0; i < files.gl_pathc; i++)
        run_file(files.gl_pathv[i]);
    globfree(&files);
    assert_true(case_count > 130);
    assert_int_equal(failure_count, 0);
}

/* Deterministic noise in place of a byte of a good request: whatever it does, the server goes on serving. */
static void noise_in_a_request_does_no_harm(void **state)
{
    static const char good[] =
        "POST /echo?a=b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n";
    unsigned seed = 42;
    int i;

    (void)state;
    for (i = 0; i < 400; i++) {
        const int fd = wire_open(rig.port);
        char bad[sizeof(good)];

        memcpy(bad, good, sizeof(good));
        seed = seed * 1103515245U + 12345U;
        bad[(seed >> 16) % (sizeof(good) - 1)] = (char)(seed >> 8);
        (void)wire_send(fd, bad, sizeof(good) - 1);
        close(fd);
    }
    assert_true(rig_await_idle(&rig));
    i = wire_open(rig.port);
    assert_int_equal(wire_get(i, "/after", &reply), 200);
    close(i);
}

static int start(void **state)
{
    (void)state;
    rig_run(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&rig, 5000) == BASEAPI_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_raw_request_is_treated_as_its_file_says),
        cmocka_unit_test(noise_in_a_request_does_no_harm),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
