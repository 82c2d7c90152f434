/*
 * The search for messages that make the broker close the channel: those and no others are refused,
 * and no message that is good is held up for long.
 */
#include "test.h"

#include "support/published.h"

#include "clock.h"
#include "error.h"
#include "ledger.h"
#include "link.h"
#include "protocol/send.h"

enum { MAX = 3000 };

struct world {
    struct ledger ledger;
    struct dice dice;
    size_t n;
    bool is_bad[MAX];
    int told[MAX];
    size_t by_tag[MAX + 1];
    uint64_t last_tag, answered;
    unsigned closes, turns;
    bool is_channel_only;
    int code;
    const char *text;
};

static void told(void *data, const struct amqpext_outcome *outcome)
{
    (void)data;
    (void)outcome;
}

static void begin(struct world *world)
{
    world->last_tag = world->answered = 0;
    assert_int_equal(amqpext__ledger_begin(&world->ledger, 131072, 1, NULL), AMQPEXT_OK);
}

static struct world *new_world(uint64_t seed)
{
    const struct ledger_limits limits = {.max_messages = MAX, .max_bytes = 1 << 30};
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->dice = dice_of(seed);
    world->is_channel_only = true;
    world->code = 404;
    world->text = "NOT_FOUND - no exchange 'x' in vhost '/'";
    amqpext__ledger_init(&world->ledger, &limits, 131072);
    begin(world);
    return world;
}

static void free_world(struct world *world)
{
    amqpext__ledger_free(&world->ledger);
    free(world);
}

static void add(struct world *world, bool is_bad)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish publish = {"", "key", false, &properties, &world->n, sizeof(world->n)};
    char id[32], frames[SHARED_SIZE_MAX];
    struct new_message message = {
        .id = id, .frame_max = 131072, .deadline_us = NEVER, .done = told};
    bool is_first;

    snprintf(id, sizeof(id), "%zu", world->n);
    properties.message_id = id;
    message.data = (void *)(uintptr_t)world->n;
    message.frames.data = frames;
    message.frames.size =
        amqpext__publish_write(frames, sizeof(frames), LINK_CHANNEL, &publish, 131072);
    assert_int_equal(amqpext__ledger_add(&world->ledger, &message, &is_first, NULL), AMQPEXT_OK);
    world->is_bad[world->n++] = is_bad;
}

/* Sends what may be sent; the broker reads it. Returns whether it has met a bad one. */
static bool send_all(struct world *world)
{
    struct iovec pieces[RUNS_MAX];
    bool is_bad = false;
    unsigned i, n;

    while ((n = amqpext__ledger_gather(&world->ledger, pieces, RUNS_MAX)) != 0) {
        size_t total = 0;

        for (i = 0; i < n; i++) {
            struct bytes rest = {pieces[i].iov_base, pieces[i].iov_len};
            struct published message;

            while (rest.size != 0 && published_read(rest, &message)) {
                size_t index;

                memcpy(&index, message.body, sizeof(index));
                is_bad = is_bad || world->is_bad[index];
                world->by_tag[++world->last_tag] = index;
                rest.data += message.size;
                rest.size -= message.size;
            }
            total += pieces[i].iov_len;
        }
        amqpext__ledger_sent(&world->ledger, total);
    }
    return is_bad;
}

static void take(struct world *world)
{
    struct entry *entry = amqpext__ledger_take_decided(&world->ledger, SIZE_MAX);

    while (entry != NULL) {
        struct entry *next = entry->next;
        const size_t index = (size_t)(uintptr_t)entry->data;

        assert_int_equal(world->told[index], 0);
        world->told[index] = entry->result;
        if (entry->result == AMQPEXT_REFUSED) {
            assert_int_equal(entry->reply_code, world->code);
            assert_string_equal(entry->reply_text, world->text);
        }
        amqpext__ledger_release(&world->ledger, entry);
        entry = next;
    }
}

/* Confirms some of what stands before the first bad message of this epoch, or all of it. */
static void confirm_before_bad(struct world *world, bool all)
{
    while (world->answered < world->last_tag &&
           !world->is_bad[world->by_tag[world->answered + 1]] &&
           (all || dice_throw(&world->dice, 3) != 0))
        amqpext__ledger_confirm(&world->ledger, ++world->answered, false, false, 1);
    take(world);
}

static void close_it(struct world *world)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail_reply(&error, AMQPEXT_ENOTFOUND, world->code, "%s", world->text);
    amqpext__ledger_lost(&world->ledger, &error, world->is_channel_only, 1);
    take(world);
    world->closes++;
    begin(world);
}

/* Lets broker and ledger go on until there is nothing left. */
static void run(struct world *world)
{
    while (world->ledger.n_undecided != 0) {
        const bool is_bad = send_all(world);

        confirm_before_bad(world, !is_bad);
        if (is_bad)
            close_it(world);
        assert_true(++world->turns < 100000);
    }
}

static void check(const struct world *world)
{
    size_t i;

    for (i = 0; i < world->n; i++)
        assert_int_equal(world->told[i], world->is_bad[i] ? AMQPEXT_REFUSED : AMQPEXT_CONFIRMED);
}

static void only_the_bad_message_is_refused(void **state)
{
    struct world *world = new_world(1);
    size_t i;

    (void)state;
    for (i = 0; i < 1000; i++)
        add(world, i == 700);
    run(world);
    check(world);
    /* Not one by one: in some twenty closes, not in seven hundred steps. */
    assert_true(world->closes < 40);
    assert_int_equal(world->ledger.isolation.suspects, 0);
    free_world(world);
}

static void several_bad_messages_are_found_one_after_the_other(void **state)
{
    uint64_t seed;

    (void)state;
    for (seed = 0; seed < 4; seed++) {
        struct world *world = new_world(seed);
        size_t i;

        for (i = 0; i < 300; i++)
            add(world, dice_throw(&world->dice, 20) == 0);
        run(world);
        check(world);
        free_world(world);
    }
}

static void a_closed_channel_that_was_nobodys_fault_refuses_nothing(void **state)
{
    struct world *world = new_world(1);
    size_t i;

    (void)state;
    for (i = 0; i < 100; i++)
        add(world, false);
    (void)send_all(world);
    close_it(world);
    assert_int_equal(world->ledger.isolation.suspects, 100);
    run(world);
    check(world);
    assert_int_equal(world->ledger.figures.resent, 100);
    /* 1, 2, 4 and so on at a time. */
    assert_int_equal(world->turns, 7);
    free_world(world);
}

/* The exchange may be missing just then: the plan declares it again. */
static void a_message_that_was_alone_the_first_time_is_sent_again(void **state)
{
    struct world *world = new_world(1);

    (void)state;
    add(world, false);
    (void)send_all(world);
    close_it(world);
    run(world);
    check(world);
    assert_int_equal(world->ledger.figures.sends, 2);
    free_world(world);
}

static void a_closed_connection_counts_three_times_alone(void **state)
{
    struct world *world = new_world(1);

    (void)state;
    world->is_channel_only = false;
    world->code = 505;
    world->text = "UNEXPECTED_FRAME";
    add(world, false);
    add(world, true);
    add(world, false);
    run(world);
    check(world);
    /* Together, then the second with the third, then three times alone. */
    assert_true(world->closes >= 4 && world->closes <= 6);
    free_world(world);
}

static void a_forced_close_suspects_nobody(void **state)
{
    struct world *world = new_world(1);
    unsigned i;

    (void)state;
    world->is_channel_only = false;
    world->code = 320;
    add(world, false);
    for (i = 0; i < 10; i++) {
        (void)send_all(world);
        close_it(world);
    }
    assert_int_equal(world->ledger.isolation.suspects, 0);
    run(world);
    check(world);
    free_world(world);
}

static void a_message_that_expired_under_way_makes_no_other_guilty(void **state)
{
    struct world *world = new_world(1);

    (void)state;
    add(world, true);
    add(world, false);
    (void)send_all(world);
    close_it(world);
    (void)send_all(world);
    assert_int_equal(world->last_tag, 1);
    /* The bad one expires; its neighbour goes out before the channel is closed for the bad one. */
    world->ledger.first->deadline_us = 5;
    world->ledger.min_deadline_us = 5;
    amqpext__ledger_expire(&world->ledger, 6);
    take(world);
    assert_int_equal(world->told[0], AMQPEXT_EXPIRED);
    (void)send_all(world);
    assert_int_equal(world->last_tag, 2);
    close_it(world);
    assert_int_equal(world->told[1], 0);
    run(world);
    assert_int_equal(world->told[1], AMQPEXT_CONFIRMED);
    free_world(world);
}

static void the_brokers_limit_of_sizes_has_a_status_of_its_own(void **state)
{
    struct world *world = new_world(1);

    (void)state;
    world->code = 406;
    world->text = "PRECONDITION_FAILED - message size 20 is larger than configured max size 10";
    add(world, true);
    (void)send_all(world);
    close_it(world);
    (void)send_all(world);
    amqpext__ledger_lost(&world->ledger,
                         &(struct amqpext_error){.status = AMQPEXT_EPRECONDITION,
                                                 .reply_code = 406,
                                                 .message = "message size 20 is too large"},
                         true, 1);
    assert_int_equal(world->ledger.decided->status, AMQPEXT_ETOOLARGE);
    assert_int_equal(world->ledger.decided->result, AMQPEXT_REFUSED);
    amqpext__ledger_release(&world->ledger, amqpext__ledger_take_decided(&world->ledger, 1));
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_bad_message_is_refused),
        cmocka_unit_test(several_bad_messages_are_found_one_after_the_other),
        cmocka_unit_test(a_closed_channel_that_was_nobodys_fault_refuses_nothing),
        cmocka_unit_test(a_message_that_was_alone_the_first_time_is_sent_again),
        cmocka_unit_test(a_closed_connection_counts_three_times_alone),
        cmocka_unit_test(a_forced_close_suspects_nobody),
        cmocka_unit_test(a_message_that_expired_under_way_makes_no_other_guilty),
        cmocka_unit_test(the_brokers_limit_of_sizes_has_a_status_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
