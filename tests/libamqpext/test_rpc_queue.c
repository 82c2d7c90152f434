/* The queue of requests: in order, whole or not at all, and nothing that the link holds is freed. */
#include "test.h"

#include "rpc_queue.h"

/* A call of which only the queue's side exists. */
static struct rpc_request *new_request(struct rpc_call *call, char byte, size_t size)
{
    struct rpc_request *request = calloc(1, sizeof(*request));

    assert_non_null(request);
    request->frames = malloc(size);
    assert_non_null(request->frames);
    memset(request->frames, byte, size);
    request->size = size;
    request->frame_max = 4096;
    request->call = call;
    call->request = request;
    return request;
}

static size_t gather_all(struct rpc_queue *queue, char *out)
{
    struct iovec pieces[8];
    const unsigned n = amqpext__rpc_queue_gather(queue, pieces, 8);
    size_t size = 0;
    unsigned i;

    for (i = 0; i < n; i++) {
        memcpy(out + size, pieces[i].iov_base, pieces[i].iov_len);
        size += pieces[i].iov_len;
    }
    out[size] = '\0';
    return size;
}

static void requests_are_sent_in_order_and_in_pieces(void **state)
{
    struct rpc_call calls[2] = {{.number = 1}, {.number = 2}};
    struct rpc_queue queue = {NULL, NULL, 0};
    char out[64];

    (void)state;
    amqpext__rpc_queue_add(&queue, new_request(&calls[0], 'a', 4));
    amqpext__rpc_queue_add(&queue, new_request(&calls[1], 'b', 3));
    assert_int_equal(gather_all(&queue, out), 7);
    assert_string_equal(out, "aaaabbb");
    assert_false(calls[0].is_sent);
    assert_int_equal(amqpext__rpc_queue_sent(&queue, 1), 3);
    assert_true(calls[0].is_sent);
    assert_int_equal(gather_all(&queue, out), 6);
    assert_int_equal(amqpext__rpc_queue_sent(&queue, 4), 2);
    assert_null(calls[0].request);
    assert_true(calls[1].is_sent);
    assert_int_equal(amqpext__rpc_queue_sent(&queue, 2), 0);
    assert_null(calls[1].request);
    assert_int_equal(gather_all(&queue, out), 0);
    assert_null(queue.first);
    assert_null(queue.last);
}

static void request_that_nobody_waits_for_goes_unless_the_link_has_it(void **state)
{
    struct rpc_call calls[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct rpc_queue queue = {NULL, NULL, 0};
    struct iovec piece;
    char out[64];

    (void)state;
    amqpext__rpc_queue_add(&queue, new_request(&calls[0], 'a', 2));
    amqpext__rpc_queue_add(&queue, new_request(&calls[1], 'b', 2));
    amqpext__rpc_queue_add(&queue, new_request(&calls[2], 'c', 2));
    assert_int_equal(amqpext__rpc_queue_gather(&queue, &piece, 1), 1);
    amqpext__rpc_queue_forget(&queue, calls[0].request);
    amqpext__rpc_queue_forget(&queue, calls[1].request);
    assert_null(calls[0].request);
    assert_null(calls[1].request);
    assert_int_equal(gather_all(&queue, out), 4);
    assert_string_equal(out, "aacc");
    assert_int_equal(amqpext__rpc_queue_sent(&queue, 4), 0);
    assert_false(calls[0].is_sent);
    assert_null(queue.first);
}

static void what_was_begun_is_lost_and_the_rest_waits_for_the_next(void **state)
{
    struct rpc_call calls[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct rpc_queue queue = {NULL, NULL, 0};
    char out[64];

    (void)state;
    amqpext__rpc_queue_add(&queue, new_request(&calls[0], 'a', 2));
    amqpext__rpc_queue_add(&queue, new_request(&calls[1], 'b', 2));
    amqpext__rpc_queue_add(&queue, new_request(&calls[2], 'c', 2));
    assert_int_equal(gather_all(&queue, out), 6);
    assert_int_equal(amqpext__rpc_queue_sent(&queue, 1), 1);
    amqpext__rpc_queue_forget(&queue, calls[1].request);
    amqpext__rpc_queue_lost(&queue);
    assert_true(calls[0].is_sent);
    assert_null(calls[0].request);
    assert_false(calls[2].is_sent);
    assert_int_equal(gather_all(&queue, out), 2);
    assert_string_equal(out, "cc");
    assert_int_equal(amqpext__rpc_queue_sent(&queue, 2), 0);
    assert_null(queue.first);
}

static uint64_t chance = 88172645463325252;

static size_t below(size_t n)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (size_t)(chance % n);
}

/* A wire that is cut now and then: each request is on it once, whole or cut off at the end. */
enum { CALLS = 200 };

struct world {
    struct rpc_queue queue;
    struct rpc_call calls[CALLS];
    size_t sent[CALLS]; /* bytes of each that were sent, on whatever wire */
    size_t n_added;
};

static size_t size_of(size_t number)
{
    return 1 + number % 17;
}

static void send_some(struct world *world)
{
    struct iovec pieces[5];
    const unsigned n = amqpext__rpc_queue_gather(&world->queue, pieces, 1 + (unsigned)below(5));
    size_t total = 0, left, missing = 0;
    unsigned i;

    for (i = 0; i < n; i++)
        total += pieces[i].iov_len;
    if (total == 0)
        return;
    total = 1 + below(total);
    for (i = 0, left = total; i < n && left > 0; i++) {
        const size_t number = (unsigned char)*(char *)pieces[i].iov_base;
        const size_t size = left < pieces[i].iov_len ? left : pieces[i].iov_len;

        /* It goes on where it was left. */
        assert_int_equal(world->sent[number] + pieces[i].iov_len, size_of(number));
        world->sent[number] += size;
        missing = pieces[i].iov_len - size;
        left -= size;
    }
    assert_int_equal(amqpext__rpc_queue_sent(&world->queue, total), missing);
}

static void step(struct world *world)
{
    const size_t kind = below(20);
    struct rpc_call *call;

    if (kind < 6 && world->n_added < CALLS) {
        call = &world->calls[world->n_added];
        amqpext__rpc_queue_add(&world->queue,
                               new_request(call, (char)world->n_added, size_of(world->n_added)));
        world->n_added++;
    } else if (kind == 6 && world->n_added != 0) {
        call = &world->calls[below(world->n_added)];
        if (call->request != NULL)
            amqpext__rpc_queue_forget(&world->queue, call->request);
    } else if (kind == 7) {
        amqpext__rpc_queue_lost(&world->queue);
        assert_int_equal(world->queue.sent, 0);
    } else {
        send_some(world);
    }
}

static void any_course_of_events_keeps_order(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct world world = {.n_added = 0};

        for (i = 0; i < 1000; i++)
            step(&world);
        for (i = 0; i < world.n_added; i++)
            assert_true(world.sent[i] == 0 || world.sent[i] == size_of(i) ||
                        world.calls[i].is_sent || world.calls[i].request == NULL);
        amqpext__rpc_queue_lost(&world.queue);
        for (i = 0; i < world.n_added; i++) {
            if (world.calls[i].request != NULL)
                amqpext__rpc_queue_forget(&world.queue, world.calls[i].request);
        }
        assert_null(world.queue.first);
    }
}

static void numbers_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        uint64_t number;
    } cases[] = {{"1", 1},
                 {"1234567890", 1234567890},
                 {"18446744073709551606", UINT64_C(18446744073709551606)},
                 {"18446744073709551620", 0},
                 {"1844674407370955160", 1844674407370955160},
                 {"99999999999999999999999", 0},
                 {"", 0},
                 {"0", 0},
                 {"01", 0},
                 {"-1", 0},
                 {" 1", 0},
                 {"1 ", 0},
                 {"1a", 0},
                 {NULL, 0}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(amqpext__rpc_number(cases[i].text) == cases[i].number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_sent_in_order_and_in_pieces),
        cmocka_unit_test(request_that_nobody_waits_for_goes_unless_the_link_has_it),
        cmocka_unit_test(what_was_begun_is_lost_and_the_rest_waits_for_the_next),
        cmocka_unit_test(any_course_of_events_keeps_order),
        cmocka_unit_test(numbers_are_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
