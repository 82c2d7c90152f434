/*
 * The guard: which heads pass, and with which status the others are refused.
 */
#include "test.h"

#include <stdio.h>

#include "guard.h"

#define MAX_FIELDS 8

struct row {
    const char *about;
    unsigned status;
    const char *method;
    const char *version;
    const char *target;
    struct {
        const char *name;
        const char *value;
    } fields[MAX_FIELDS];
};

/* clang-format off */
#define GET "GET", "HTTP/1.1", "/a"
#define GET_1_0 "GET", "HTTP/1.0", "/a"
#define POST "POST", "HTTP/1.1", "/a"
#define HOST {"Host", "example.org"}

static const struct row rows[] = {
    {"plain request", 0, GET, {HOST}},
    {"old request without host", 0, GET_1_0, {{NULL, NULL}}},
    {"field names in any case", 0, GET, {{"hOST", "x"}, {"x-Y", "z"}}},
    {"host with port", 0, GET, {{"Host", "[::1]:9000"}}},
    {"empty host", 0, GET, {{"Host", ""}}},
    {"length", 0, POST, {HOST, {"Content-Length", "5"}}},
    {"length with leading zeros", 0, POST, {HOST, {"Content-Length", "005"}}},
    {"chunked", 0, POST, {HOST, {"Transfer-Encoding", "chunked"}}},
    {"chunked in capitals", 0, POST, {HOST, {"Transfer-Encoding", "CHUNKED"}}},
    {"expectation", 0, POST, {HOST, {"Expect", "100-Continue"}, {"Content-Length", "5"}}},
    {"expectation of an old client is ignored", 0, GET_1_0, {{"Expect", "tea"}}},
    {"unusual method", 0, "M-SEARCH", "HTTP/1.1", "/a", {HOST}},
    {"bytes beyond ASCII in a value", 0, GET, {HOST, {"X", "\xc3\xa4\xff"}}},
    {"tab in a value", 0, GET, {HOST, {"X", "a\tb"}}},
    {"empty value", 0, GET, {HOST, {"X", ""}}},
    {"asterisk", 0, "OPTIONS", "HTTP/1.1", "*", {HOST}},
    {"absolute form", 0, "GET", "HTTP/1.1", "http://example.org/a?b", {HOST}},

    {"no host", 400, GET, {{"X", "y"}}},
    {"two hosts", 400, GET, {HOST, HOST}},
    {"two different hosts", 400, GET, {HOST, {"host", "other.org"}}},
    {"two hosts of an old client", 400, GET_1_0, {HOST, HOST}},
    {"host that is a path", 400, GET, {{"Host", "a/b"}}},
    {"host that is a list", 400, GET, {{"Host", "a, b"}}},
    {"host with a user", 400, GET, {{"Host", "a@b"}}},
    {"host beyond ASCII", 400, GET, {{"Host", "\xc3\xa4.org"}}},
    {"host with a brace", 400, GET, {{"Host", "${a}"}}},
    {"host of every mark it may have", 0, GET, {{"Host", "a-._~%41!$&'()*+;=:1"}}},
    {"space behind a name", 400, GET, {HOST, {"Content-Length ", "5"}}},
    {"space in a name", 400, GET, {HOST, {"X Y", "5"}}},
    {"leading space in a name", 400, GET, {HOST, {" X", "5"}}},
    {"empty name", 400, GET, {HOST, {"", "5"}}},
    {"bracket in a name", 400, GET, {HOST, {"X[0]", "5"}}},
    {"bytes beyond ASCII in a name", 400, GET, {HOST, {"\xc3\xa4", "5"}}},
    {"carriage return in a value", 400, GET, {HOST, {"X", "a\rb"}}},
    {"escape in a value", 400, GET, {HOST, {"X", "a\x1b[0m"}}},
    {"delete in a value", 400, GET, {HOST, {"X", "a\x7f"}}},

    {"two equal lengths", 400, POST, {HOST, {"Content-Length", "5"}, {"Content-Length", "5"}}},
    {"two different lengths", 400, POST, {HOST, {"Content-Length", "5"}, {"content-length", "6"}}},
    {"list of lengths", 400, POST, {HOST, {"Content-Length", "5, 5"}}},
    {"signed length", 400, POST, {HOST, {"Content-Length", "+5"}}},
    {"negative length", 400, POST, {HOST, {"Content-Length", "-5"}}},
    {"hexadecimal length", 400, POST, {HOST, {"Content-Length", "0x5"}}},
    {"length with underscore", 400, POST, {HOST, {"Content-Length", "1_0"}}},
    {"empty length", 400, POST, {HOST, {"Content-Length", ""}}},
    {"length over 64 bits", 400, POST, {HOST, {"Content-Length", "18446744073709551616"}}},
    {"length and coding", 400, POST, {HOST, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}},
    {"coding and length", 400, POST, {HOST, {"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}}},
    {"coding of an old client", 400, "POST", "HTTP/1.0", "/a", {{"Transfer-Encoding", "chunked"}}},
    {"unknown coding", 501, POST, {HOST, {"Transfer-Encoding", "gzip"}}},
    {"identity", 501, POST, {HOST, {"Transfer-Encoding", "identity"}}},
    {"list around chunked", 501, POST, {HOST, {"Transfer-Encoding", "gzip, chunked"}}},
    {"chunked and something", 501, POST, {HOST, {"Transfer-Encoding", "chunked, gzip"}}},
    {"twice chunked", 501, POST, {HOST, {"Transfer-Encoding", "chunked, chunked"}}},
    {"two codings", 501, POST, {HOST, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}},
    {"quoted chunked", 501, POST, {HOST, {"Transfer-Encoding", "\"chunked\""}}},
    {"chunked behind a vertical tab", 400, POST, {HOST, {"Transfer-Encoding", "\x0b""chunked"}}},
    {"empty coding", 501, POST, {HOST, {"Transfer-Encoding", ""}}},
    {"unknown expectation", 417, POST, {HOST, {"Expect", "tea"}}},
    {"two expectations", 417, POST, {HOST, {"Expect", "100-continue"}, {"Expect", "100-continue"}}},
    {"empty expectation", 417, POST, {HOST, {"Expect", ""}}},

    {"version 1.2", 505, "GET", "HTTP/1.2", "/a", {HOST}},
    {"version 2.0", 505, "GET", "HTTP/2.0", "/a", {HOST}},
    {"version 9.9", 505, "GET", "HTTP/9.9", "/a", {HOST}},
    {"lower-case version", 505, "GET", "http/1.1", "/a", {HOST}},
    {"no version", 505, "GET", "", "/a", {HOST}},
    {"version with a tail", 505, "GET", "HTTP/1.1 ", "/a", {HOST}},
    {"empty method", 400, "", "HTTP/1.1", "/a", {HOST}},
    {"method in quotes", 400, "\"GET\"", "HTTP/1.1", "/a", {HOST}},
    {"method with a control", 400, "GE\tT", "HTTP/1.1", "/a", {HOST}},
    {"method with a bracket", 400, "GET(", "HTTP/1.1", "/a", {HOST}},
    {"tunnel", 501, "CONNECT", "HTTP/1.1", "example.org:443", {HOST}},
    {"empty target", 400, "GET", "HTTP/1.1", "", {HOST}},
    {"target without slash", 400, "GET", "HTTP/1.1", "a", {HOST}},
    {"authority as target", 400, "GET", "HTTP/1.1", "example.org:443", {HOST}},
    {"space in the target", 400, "GET", "HTTP/1.1", "/a b", {HOST}},
    {"tab in the target", 400, "GET", "HTTP/1.1", "/a\tb", {HOST}},
    {"fragment", 400, "GET", "HTTP/1.1", "/a#b", {HOST}},
    {"raw UTF-8", 400, "GET", "HTTP/1.1", "/\xc3\xa4", {HOST}},
    {"delete in the target", 400, "GET", "HTTP/1.1", "/\x7f", {HOST}},
    {"encoded NUL", 400, "GET", "HTTP/1.1", "/a%00b", {HOST}},
    {"encoded NUL in the query", 400, "GET", "HTTP/1.1", "/a?b=%00", {HOST}},
    {"bad escape in the path", 400, "GET", "HTTP/1.1", "/a%zz", {HOST}},
    {"half an escape in the path", 400, "GET", "HTTP/1.1", "/a%2", {HOST}},
    {"asterisk for another method", 400, "GET", "HTTP/1.1", "*", {HOST}},
    {"absolute form without host", 400, "GET", "HTTP/1.1", "http:///a", {HOST}},
    {"absolute form with a user", 400, "GET", "HTTP/1.1", "http://u@h/a", {HOST}},
    {"absolute form of another protocol", 400, "GET", "HTTP/1.1", "ftp://h/a", {HOST}},
};
/* clang-format on */

static struct refusal check(const struct row *row, struct framing *framing)
{
    struct header_field fields[MAX_FIELDS];
    struct head head = {row->method, row->version, row->target, fields, 0};

    for (; head.field_count < MAX_FIELDS && row->fields[head.field_count].name != NULL;
         head.field_count++) {
        fields[head.field_count] = (struct header_field){
            .name = row->fields[head.field_count].name,
            .value = row->fields[head.field_count].value,
            .name_size = strlen(row->fields[head.field_count].name),
            .value_size = strlen(row->fields[head.field_count].value),
        };
    }
    return baseapi__guard_check(&head, framing);
}

static void every_row_has_its_status(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct framing framing;
        const struct refusal refusal = check(&rows[i], &framing);

        if (refusal.status != rows[i].status)
            fail_msg("%s: %u, not %u", rows[i].about, refusal.status, rows[i].status);
        if (refusal.status != 0)
            assert_non_null(refusal.detail);
    }
}

static void framing_tells_length_and_body(void **state)
{
    static const struct row length = {"", 0, POST, {HOST, {"Content-Length", "12"}}};
    static const struct row none = {"", 0, POST, {HOST, {"Content-Length", "0"}}};
    static const struct row chunked = {"", 0, POST, {HOST, {"Transfer-Encoding", "chunked"}}};
    static const struct row largest = {
        "", 0, POST, {HOST, {"Content-Length", "18446744073709551600"}}};
    struct framing framing;

    (void)state;
    assert_int_equal(check(&length, &framing).status, 0);
    assert_true(framing.has_body);
    assert_int_equal(framing.content_length, 12);
    assert_int_equal(check(&none, &framing).status, 0);
    assert_false(framing.has_body);
    assert_int_equal(check(&chunked, &framing).status, 0);
    assert_true(framing.has_body);
    assert_int_equal(framing.content_length, 0);
    assert_int_equal(check(&largest, &framing).status, 0);
    assert_true(framing.content_length == UINT64_C(18446744073709551600));
}

static void value_with_a_nul_is_refused(void **state)
{
    const struct header_field fields[] = {{"Host", "a", 4, 1, false}, {"X", "a\0b", 1, 3, false}};
    const struct head head = {"GET", "HTTP/1.1", "/", fields, 2};
    struct framing framing;

    (void)state;
    assert_int_equal(baseapi__guard_check(&head, &framing).status, 400);
}

static void continued_field_is_refused(void **state)
{
    const struct header_field fields[] = {{"Host", "a", 4, 1, false}, {"X", "a", 1, 1, true}};
    const struct head head = {"GET", "HTTP/1.1", "/", fields, 2};
    struct framing framing;

    (void)state;
    assert_int_equal(baseapi__guard_check(&head, &framing).status, 400);
}

static void framing_is_untouched_by_a_refusal(void **state)
{
    static const struct row refused = {"", 400, POST, {HOST, {"Content-Length", "x"}}};
    struct framing framing = {.content_length = 77};

    (void)state;
    assert_int_equal(check(&refused, &framing).status, 400);
    assert_int_equal(framing.content_length, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_status),
        cmocka_unit_test(framing_tells_length_and_body),
        cmocka_unit_test(value_with_a_nul_is_refused),
        cmocka_unit_test(continued_field_is_refused),
        cmocka_unit_test(framing_is_untouched_by_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
