/*
 * Messages of DNS: questions as they are sent, answers as they come from servers and from liars.
 */
#include <stdio.h>

#include "test.h"

#include "probes/probe_dns_message.h"

enum { A = 1, CNAME = 5, SOA = 6, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };

/* An answer that is put together part by part. */
struct message {
    uint8_t data[4096];
    size_t size;
};

static uint8_t query[PROMON__DNS_QUERY_BYTES];
static size_t query_size;
static struct promon__dns_answer answer;

static void add(struct message *message, const void *data, size_t size)
{
    memcpy(message->data + message->size, data, size);
    message->size += size;
}

static void add16(struct message *message, unsigned number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};

    add(message, bytes, sizeof(bytes));
}

/* The question turned into an answer with so many records to come. */
static struct message answer_to(const char *name, uint16_t type, unsigned count)
{
    struct message message = {.size = 0};

    query_size = promon__dns_query(0x1234, name, type, query);
    assert_true(query_size > 0);
    add(&message, query, query_size);
    message.data[2] = 0x81;
    message.data[3] = 0x80;
    message.data[7] = (uint8_t)count;
    return message;
}

static void add_record_of(struct message *message, const char *owner, unsigned type, unsigned ttl,
                          const void *data, size_t size)
{
    add(message, owner, strlen(owner) + (owner[0] < 0 ? 0 : 1));
    add16(message, type);
    add16(message, 1);
    add16(message, 0);
    add16(message, ttl);
    add16(message, (unsigned)size);
    add(message, data, size);
}

/* A record whose owner is the name of the question. */
static void add_record(struct message *message, unsigned type, unsigned ttl, const void *data,
                       size_t size)
{
    add_record_of(message, "\xc0\x0c", type, ttl, data, size);
}

static enum promon__dns_read read_it(const struct message *message)
{
    /* On the heap, so that a sanitizer sees a step too far. */
    uint8_t *copy = malloc(message->size == 0 ? 1 : message->size);
    enum promon__dns_read outcome;

    memcpy(copy, message->data, message->size);
    outcome = promon__dns_read(copy, message->size, query, query_size, &answer);
    free(copy);
    return outcome;
}

static void a_question_is_as_rfc_1035_has_it(void **state)
{
    static const uint8_t expected[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                      "\x03www\x07"
                                      "example\x00\x00\x1c\x00\x01";

    (void)state;
    assert_int_equal(promon__dns_query(0x1234, "www.example", AAAA, query), sizeof(expected) - 1);
    assert_memory_equal(query, expected, sizeof(expected) - 1);
    assert_int_equal(promon__dns_query(0x1234, "www.example.", AAAA, query), sizeof(expected) - 1);
    assert_int_equal(promon__dns_query(0, ".", A, query), 12 + 1 + 4);
}

static void what_is_no_name_is_no_question(void **state)
{
    char name[300];

    (void)state;
    assert_int_equal(promon__dns_query(0, "a..b", A, query), 0);
    assert_int_equal(promon__dns_query(0, ".a", A, query), 0);
    memset(name, 'a', 64);
    name[64] = '\0';
    assert_int_equal(promon__dns_query(0, name, A, query), 0);
    name[63] = '\0';
    assert_int_equal(promon__dns_query(0, name, A, query), 12 + 65 + 4);
    memset(name, 'a', sizeof(name));
    name[50] = name[100] = name[150] = name[200] = '.';
    name[253] = '\0';
    assert_int_equal(promon__dns_query(0, name, A, query), 12 + 255 + 4);
    name[253] = 'a';
    name[254] = '\0';
    assert_int_equal(promon__dns_query(0, name, A, query), 0);
}

static void types_have_names(void **state)
{
    (void)state;
    assert_int_equal(promon__dns_type("AAAA"), AAAA);
    assert_int_equal(promon__dns_type("mx"), MX);
    assert_int_equal(promon__dns_type("ANY"), 0);
    assert_string_equal(promon__dns_rcode_name(3), "NXDOMAIN");
    assert_string_equal(promon__dns_rcode_name(15), "?");
}

static void addresses_are_read(void **state)
{
    struct message message = answer_to("www.example", A, 2);

    (void)state;
    add_record(&message, A, 300, "\x7f\x00\x00\x01", 4);
    add_record(&message, A, 60, "\x0a\x00\x00\x02", 4);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.ttl, 60);
    assert_string_equal(answer.records[0], "127.0.0.1");
    assert_string_equal(answer.records[1], "10.0.0.2");
    message = answer_to("www.example", AAAA, 1);
    add_record(&message, AAAA, 300, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_string_equal(answer.records[0], "::1");
}

static void other_types_are_read(void **state)
{
    struct message message = answer_to("example", MX, 1);

    (void)state;
    add_record(&message, MX, 5, "\x00\x0a\x04Mail\xc0\x0c", 9);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_string_equal(answer.records[0], "10 mail.example");
    message = answer_to("example", TXT, 1);
    add_record(&message, TXT, 5, "\x03v=1\x02 \n", 7);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_string_equal(answer.records[0], "v=1 ?");
    message = answer_to("example", SRV, 1);
    add_record(&message, SRV, 5, "\x00\x01\x00\x02\x14\xe9\x01h\x00", 9);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_string_equal(answer.records[0], "1 2 5353 h");
    message = answer_to("example", SOA, 1);
    add_record(&message, SOA, 5, "\x02ns\x00\x02me\x00\x00\x00\x00\x07................", 28);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_string_equal(answer.records[0], "ns me 7");
    message = answer_to("example", CNAME, 1);
    add_record(&message, CNAME, 5, "\x03web\xc0\x0c", 6);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_string_equal(answer.records[0], "web.example");
}

static void records_of_another_type_are_passed_over(void **state)
{
    struct message message = answer_to("www.example", A, 2);

    (void)state;
    add_record(&message, MX, 5, "\x00\x0a\x03web\x00", 7);
    add_record(&message, A, 7, "\x7f\x00\x00\x01", 4);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.ttl, 7);
}

static void other_names_are_followed_to_the_record(void **state)
{
    struct message message = answer_to("www.example", A, 3);

    (void)state;
    add_record(&message, CNAME, 5, "\x03Web\xc0\x10", 6);
    add_record_of(&message,
                  "\x03web\x07"
                  "example",
                  CNAME, 5,
                  "\x04"
                  "farm\x00",
                  6);
    add_record_of(&message,
                  "\x04"
                  "Farm",
                  A, 7, "\x7f\x00\x00\x01", 4);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.records[0], "127.0.0.1");
}

static void records_of_somebody_else_are_no_answer(void **state)
{
    struct message message = answer_to("www.example", A, 3);

    (void)state;
    add_record_of(&message,
                  "\x04"
                  "evil",
                  A, 7, "\x0a\x00\x00\x01", 4);
    add_record(&message, CNAME, 5, "\x03web\x00", 5);
    /* Its name leads elsewhere: it has no address of its own. */
    add_record(&message, A, 7, "\x0a\x00\x00\x02", 4);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.count, 0);
}

static void more_records_than_there_is_room_for_are_left_out(void **state)
{
    struct message message = answer_to("www.example", A, 100);
    unsigned i;

    (void)state;
    for (i = 0; i < 100; i++)
        add_record(&message, A, 7, "\x7f\x00\x00\x01", 4);
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.count, PROMON__DNS_RECORDS);
}

static void refusals_are_read(void **state)
{
    struct message message = answer_to("www.example", A, 0);

    (void)state;
    message.data[3] = 0x83;
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.rcode, 3);
    /* Without the question: the server has not understood it. */
    message.size = 12;
    message.data[5] = 0;
    message.data[3] = 0x81;
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_int_equal(answer.rcode, 1);
}

static void what_was_cut_off_is_told_as_such(void **state)
{
    struct message message = answer_to("www.example", A, 9);

    (void)state;
    message.data[2] |= 0x02;
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
    assert_true(answer.is_truncated);
}

static void what_is_no_answer_to_the_question_is_foreign(void **state)
{
    const struct message good = answer_to("www.example", A, 0);
    struct message message = good;

    (void)state;
    message.data[0] ^= 1; /* id */
    assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    message = good;
    message.data[2] &= 0x7f; /* a question itself */
    assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    message = good;
    message.data[14] ^= 3; /* another name */
    assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    message = good;
    message.data[message.size - 3] = AAAA;
    assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    message = good;
    message.data[5] = 2;
    assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    message = good;
    message.data[5] = 0; /* no question, and no error either */
    assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    for (message = good; message.size > 0; message.size--)
        if (message.size < good.size)
            assert_int_equal(read_it(&message), PROMON__DNS_FOREIGN);
    message = good;
    message.data[14] ^= 0x20; /* capitals do not matter */
    assert_int_equal(read_it(&message), PROMON__DNS_ANSWER);
}

static void names_that_lead_in_circles_are_broken(void **state)
{
    static const char *const names[] = {
        "\xc0\x1d", /* itself */
        "\xc0\xff", /* ahead */
        "\xff\xff", "\x80", "\x40", "\x01\x61\xc0\x1d", /* "a", and on to itself */
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct message message = answer_to("www.example", A, 1);

        assert_int_equal(message.size, 0x1d);
        add(&message, names[i], strlen(names[i]));
        add(&message, "\0\1\0\1\0\0\0\0\0\4abcd", 14);
        assert_int_equal(read_it(&message), PROMON__DNS_BROKEN);
    }
}

static void records_that_end_too_soon_are_broken(void **state)
{
    struct message good = answer_to("www.example", A, 1);
    size_t begin = good.size;
    struct message message;

    (void)state;
    add_record(&good, A, 300, "\x7f\x00\x00\x01", 4);
    for (message = good; message.size > begin; message.size--)
        assert_int_equal(read_it(&message),
                         message.size == good.size ? PROMON__DNS_ANSWER : PROMON__DNS_BROKEN);
    message = answer_to("www.example", A, 1);
    add_record(&message, A, 300, "\x7f\x00\x00\x01\x00", 5);
    assert_int_equal(read_it(&message), PROMON__DNS_BROKEN);
    message = answer_to("example", TXT, 1);
    add_record(&message, TXT, 300, "\x05v=1", 4);
    assert_int_equal(read_it(&message), PROMON__DNS_BROKEN);
}

static void a_name_longer_than_dns_has_is_broken(void **state)
{
    struct message message = answer_to("example", CNAME, 1);
    char labels[5 * 64 + 1];
    size_t i;

    (void)state;
    memset(labels, 'a', sizeof(labels));
    for (i = 0; i < 5; i++)
        labels[i * 64] = 63;
    labels[sizeof(labels) - 1] = '\0';
    add_record(&message, CNAME, 1, labels, sizeof(labels));
    assert_int_equal(read_it(&message), PROMON__DNS_BROKEN);
}

static void records_are_compared_as_dns_does(void **state)
{
    (void)state;
    assert_true(promon__dns_is_same(MX, "10 mail.example", "10 Mail.Example."));
    assert_false(promon__dns_is_same(MX, "10 mail.example", "20 mail.example"));
    assert_true(promon__dns_is_same(AAAA, "::1", "0:0:0:0:0:0:0:1"));
    assert_false(promon__dns_is_same(A, "127.0.0.1", "127.0.0.2"));
    assert_false(promon__dns_is_same(A, "127.0.0.1", "localhost"));
    assert_false(promon__dns_is_same(TXT, "Text", "text"));
    assert_true(promon__dns_is_same(TXT, "text.", "text."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_as_rfc_1035_has_it),
        cmocka_unit_test(what_is_no_name_is_no_question),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(other_types_are_read),
        cmocka_unit_test(records_of_another_type_are_passed_over),
        cmocka_unit_test(other_names_are_followed_to_the_record),
        cmocka_unit_test(records_of_somebody_else_are_no_answer),
        cmocka_unit_test(more_records_than_there_is_room_for_are_left_out),
        cmocka_unit_test(refusals_are_read),
        cmocka_unit_test(what_was_cut_off_is_told_as_such),
        cmocka_unit_test(what_is_no_answer_to_the_question_is_foreign),
        cmocka_unit_test(names_that_lead_in_circles_are_broken),
        cmocka_unit_test(records_that_end_too_soon_are_broken),
        cmocka_unit_test(a_name_longer_than_dns_has_is_broken),
        cmocka_unit_test(records_are_compared_as_dns_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
