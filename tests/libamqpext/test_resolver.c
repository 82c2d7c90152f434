/*
 * Resolving: digits at once, names on a thread, and nobody ever waits for that thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "resolver.h"
#include "transport/names.h"

#define LIMIT_MS 20000

static const struct host broker = {"broker.example", 5672, "broker.example:5672"};

static const char *digits(const struct address *address, char *out)
{
    const struct sockaddr *any = (const struct sockaddr *)&address->socket;

    assert_int_equal(getnameinfo(any, address->size, out, NI_MAXHOST, NULL, 0, NI_NUMERICHOST), 0);
    return out;
}

static enum dial_result resolve(const struct host *host, struct addresses *out,
                                struct amqpext_error *error)
{
    enum dial_result result = DIAL_PENDING;
    struct resolver *resolver;

    assert_int_equal(amqpext__resolver_new(host, &resolver, error), AMQPEXT_OK);
    while (result == DIAL_PENDING) {
        struct pollfd answered = {.fd = amqpext__resolver_fd(resolver), .events = POLLIN};

        assert_int_equal(poll(&answered, 1, LIMIT_MS), 1);
        result = amqpext__resolver_take(resolver, out, error);
    }
    amqpext__resolver_free(resolver);
    return result;
}

static void digits_need_no_thread(void **state)
{
    static const struct host four = {"127.0.0.1", 5672, "127.0.0.1:5672"};
    static const struct host six = {"::1", 7, "[::1]:7"};
    struct addresses found;
    char text[NI_MAXHOST];

    (void)state;
    assert_true(amqpext__resolve_numeric(&four, &found));
    assert_int_equal(found.count, 1);
    assert_string_equal(digits(&found.items[0], text), "127.0.0.1");
    assert_int_equal(ntohs(((struct sockaddr_in *)&found.items[0].socket)->sin_port), 5672);
    assert_true(amqpext__resolve_numeric(&six, &found));
    assert_string_equal(digits(&found.items[0], text), "::1");
    assert_int_equal(ntohs(((struct sockaddr_in6 *)&found.items[0].socket)->sin6_port), 7);
    assert_false(amqpext__resolve_numeric(&broker, &found));
}

static void the_system_knows_this_machine(void **state)
{
    static const struct host here = {"localhost", 5672, "localhost:5672"};
    struct addresses found;

    (void)state;
    names_answer(NULL);
    assert_int_equal(resolve(&here, &found, NULL), DIAL_DONE);
    assert_true(found.count >= 1);
}

static void families_take_turns_and_begin_with_the_first(void **state)
{
    static const char *const six_first[] = {"::1", "::2", "::3", "127.0.0.1", "127.0.0.2", NULL};
    static const char *const expected[] = {"::1", "127.0.0.1", "::2", "127.0.0.2", "::3"};
    static const char *const four_only[] = {"127.0.0.1", "127.0.0.2", NULL};
    struct addresses found;
    char text[NI_MAXHOST];
    size_t i;

    (void)state;
    names_answer(six_first);
    assert_int_equal(resolve(&broker, &found, NULL), DIAL_DONE);
    assert_int_equal(found.count, 5);
    for (i = 0; i < 5; i++)
        assert_string_equal(digits(&found.items[i], text), expected[i]);
    names_answer(four_only);
    assert_int_equal(resolve(&broker, &found, NULL), DIAL_DONE);
    assert_int_equal(found.count, 2);
    assert_string_equal(digits(&found.items[1], text), "127.0.0.2");
    names_answer(NULL);
}

static void more_addresses_than_are_tried_are_left_out(void **state)
{
    static char texts[40][16];
    static const char *many[41];
    struct addresses found;
    char text[NI_MAXHOST];
    size_t i;

    (void)state;
    for (i = 0; i < 40; i++) {
        snprintf(texts[i], sizeof(texts[i]), i % 2 ? "127.0.0.%zu" : "fd00::%zu", i + 1);
        many[i] = texts[i];
    }
    names_answer(many);
    assert_int_equal(resolve(&broker, &found, NULL), DIAL_DONE);
    assert_int_equal(found.count, ADDRESSES_MAX);
    assert_string_equal(digits(&found.items[ADDRESSES_MAX - 1], text), "127.0.0.16");
    names_answer(NULL);
}

static void failures_are_told_in_words_and_by_status(void **state)
{
    static const struct {
        int failure, system_errno;
        enum amqpext_status status;
        const char *message;
    } cases[] = {
        {EAI_NONAME, 0, AMQPEXT_ERESOLVE, "broker.example:5672: there is no such name"},
        {EAI_NODATA, 0, AMQPEXT_ERESOLVE, "broker.example:5672: the name has no address"},
        {EAI_AGAIN, 0, AMQPEXT_ERESOLVE, "broker.example:5672: the name service does not answer"},
        {EAI_FAIL, 0, AMQPEXT_ERESOLVE, "broker.example:5672: the name service has failed"},
        {EAI_FAMILY, 0, AMQPEXT_ERESOLVE, "broker.example:5672: the name cannot be resolved"},
        {EAI_MEMORY, 0, AMQPEXT_ENOMEM, "out of memory"},
        {EAI_SYSTEM, EMFILE, AMQPEXT_ERESOLVE,
         "broker.example:5672: resolving the name: Too many open files"},
    };
    struct addresses found;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amqpext_error error = AMQPEXT_ERROR_INIT;

        names_fail(cases[i].failure, cases[i].system_errno);
        assert_int_equal(resolve(&broker, &found, &error), DIAL_FAILED);
        assert_int_equal(error.status, cases[i].status);
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(error.system_errno, cases[i].system_errno);
    }
    names_answer(NULL);
}

static void a_resolver_that_is_freed_leaves_its_thread_to_end_alone(void **state)
{
    static const char *const somewhere[] = {"127.0.0.1", NULL};
    const unsigned before = names_done();
    unsigned i;

    (void)state;
    names_answer(somewhere);
    names_hold();
    for (i = 0; i < 8; i++) {
        struct addresses found;
        struct resolver *resolver;

        assert_int_equal(amqpext__resolver_new(&broker, &resolver, NULL), AMQPEXT_OK);
        assert_int_equal(amqpext__resolver_take(resolver, &found, NULL), DIAL_PENDING);
        amqpext__resolver_free(resolver);
    }
    assert_int_equal(names_done(), before);
    names_release();
    names_wait_done(before + 8);
    names_answer(NULL);
}

static void freeing_and_answering_may_meet(void **state)
{
    static const char *const somewhere[] = {"127.0.0.1", NULL};
    const unsigned before = names_done();
    unsigned i;

    (void)state;
    names_answer(somewhere);
    for (i = 0; i < 200; i++) {
        struct resolver *resolver;

        assert_int_equal(amqpext__resolver_new(&broker, &resolver, NULL), AMQPEXT_OK);
        if (i % 3 != 0)
            usleep(i % 50);
        amqpext__resolver_free(resolver);
    }
    names_wait_done(before + 200);
    names_answer(NULL);
}

static void resolve_with_little_memory(void *context)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct resolver *resolver;

    (void)context;
    if (amqpext__resolver_new(&broker, &resolver, &error) == AMQPEXT_OK)
        amqpext__resolver_free(resolver);
    else
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
}

static void running_out_of_memory_is_survived(void **state)
{
    static const char *const somewhere[] = {"127.0.0.1", NULL};
    const unsigned before = names_done();

    (void)state;
    names_answer(somewhere);
    assert_int_equal(oom_for_every_allocation(resolve_with_little_memory, NULL), 1);
    names_wait_done(before + 1);
    names_answer(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_need_no_thread),
        cmocka_unit_test(the_system_knows_this_machine),
        cmocka_unit_test(families_take_turns_and_begin_with_the_first),
        cmocka_unit_test(more_addresses_than_are_tried_are_left_out),
        cmocka_unit_test(failures_are_told_in_words_and_by_status),
        cmocka_unit_test(a_resolver_that_is_freed_leaves_its_thread_to_end_alone),
        cmocka_unit_test(freeing_and_answering_may_meet),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
