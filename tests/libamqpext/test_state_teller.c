/* What a user is told of states, at once and by dispatch. */
#include "test.h"

#include <poll.h>
#include <stdio.h>

#include "error.h"
#include "state_teller.h"

struct told {
    unsigned count;
    const struct jobs *jobs;
    bool was_inside;
    struct amqpext_state_event last;
    char host[280], broker[64], message[256];
};

static void note(void *data, const struct amqpext_state_event *event)
{
    struct told *told = data;

    told->count++;
    told->last = *event;
    told->was_inside = told->jobs != NULL && amqpext__jobs_is_inside(told->jobs);
    snprintf(told->host, sizeof(told->host), "%s", event->host);
    snprintf(told->broker, sizeof(told->broker), "%s", event->broker);
    snprintf(told->message, sizeof(told->message), "%s", event->error->message);
}

static void dispatch(struct state_teller *teller)
{
    struct told *told = teller->endpoint->state_data;
    struct jobs *jobs = NULL;

    assert_int_equal(amqpext__jobs_new(AMQPEXT_CALLBACKS_DISPATCH, 1, &jobs, NULL), AMQPEXT_OK);
    if (told != NULL)
        told->jobs = jobs;
    amqpext__state_dispatch(teller, jobs);
    assert_false(amqpext__jobs_is_inside(jobs));
    amqpext__jobs_free(jobs);
}

static const struct amqpext_error NO_ERROR = AMQPEXT_ERROR_INIT;

static struct amqpext_state_event event_of(enum amqpext_state previous, enum amqpext_state state)
{
    const struct amqpext_state_event event = {
        .size = sizeof(event),
        .state = state,
        .previous = previous,
        .host = "localhost:5672",
        .broker = "RabbitMQ 3.10.8",
        .error = &NO_ERROR,
    };

    return event;
}

static void told_at_once_without_dispatch(void **state)
{
    struct told told = {0};
    const struct endpoint endpoint = {.state = note, .state_data = &told};
    const struct amqpext_state_event event =
        event_of(AMQPEXT_STATE_CONNECTING, AMQPEXT_STATE_READY);
    struct state_teller teller;

    (void)state;
    assert_int_equal(amqpext__state_init(&teller, &endpoint, false, NULL), AMQPEXT_OK);
    assert_false(amqpext__state_tell(&teller, &event));
    assert_int_equal(told.count, 1);
    assert_int_equal(told.last.state, AMQPEXT_STATE_READY);
    dispatch(&teller);
    assert_int_equal(told.count, 1);
    amqpext__state_end(&teller);
}

static void dispatch_tells_the_last_state_and_the_first_previous_one(void **state)
{
    struct told told = {0};
    const struct endpoint endpoint = {.state = note, .state_data = &told};
    struct amqpext_state_event event = event_of(AMQPEXT_STATE_READY, AMQPEXT_STATE_WAITING);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char host[] = "other:5672";
    struct state_teller teller;

    (void)state;
    assert_int_equal(amqpext__state_init(&teller, &endpoint, true, NULL), AMQPEXT_OK);
    assert_true(amqpext__state_tell(&teller, &event));
    event = event_of(AMQPEXT_STATE_WAITING, AMQPEXT_STATE_WAITING);
    amqpext__fail(&error, AMQPEXT_EAUTH, "refused");
    event.error = &error;
    event.host = host;
    event.is_permanent = true;
    event.retry_in_ms = 60000;
    assert_false(amqpext__state_tell(&teller, &event));
    assert_int_equal(told.count, 0);
    /* Whatever the event pointed to may be gone by now. */
    memset(host, 'x', sizeof(host) - 1);
    memset(&error, 0, sizeof(error));
    dispatch(&teller);
    assert_int_equal(told.count, 1);
    assert_true(told.was_inside);
    assert_int_equal(told.last.previous, AMQPEXT_STATE_READY);
    assert_int_equal(told.last.state, AMQPEXT_STATE_WAITING);
    assert_true(told.last.is_permanent);
    assert_int_equal(told.last.retry_in_ms, 60000);
    assert_string_equal(told.host, "other:5672");
    assert_string_equal(told.message, "refused");
    dispatch(&teller);
    assert_int_equal(told.count, 1);
    amqpext__state_end(&teller);
}

static void dispatch_is_due_again_after_it_was_made(void **state)
{
    struct told told = {0};
    const struct endpoint endpoint = {.state = note, .state_data = &told};
    const struct amqpext_state_event event =
        event_of(AMQPEXT_STATE_CONNECTING, AMQPEXT_STATE_READY);
    struct state_teller teller;

    (void)state;
    assert_int_equal(amqpext__state_init(&teller, &endpoint, true, NULL), AMQPEXT_OK);
    assert_true(amqpext__state_tell(&teller, &event));
    dispatch(&teller);
    assert_true(amqpext__state_tell(&teller, &event));
    dispatch(&teller);
    assert_int_equal(told.count, 2);
    amqpext__state_end(&teller);
}

/* The program's callback, while which the I/O thread tells the next state. */
struct busy {
    struct state_teller teller;
    struct jobs *jobs;
    unsigned count;
};

static void take_long(void *data, const struct amqpext_state_event *event)
{
    struct busy *busy = data;

    if (busy->count++ == 0 && amqpext__state_tell(&busy->teller, event))
        amqpext__jobs_notify(busy->jobs);
}

static void a_state_that_comes_during_a_dispatch_is_not_forgotten(void **state)
{
    struct busy busy = {.jobs = NULL};
    const struct endpoint endpoint = {.state = take_long, .state_data = &busy};
    const struct amqpext_state_event event =
        event_of(AMQPEXT_STATE_CONNECTING, AMQPEXT_STATE_READY);
    struct pollfd poll_fd = {.events = POLLIN};

    (void)state;
    assert_int_equal(amqpext__jobs_new(AMQPEXT_CALLBACKS_DISPATCH, 1, &busy.jobs, NULL),
                     AMQPEXT_OK);
    assert_int_equal(amqpext__state_init(&busy.teller, &endpoint, true, NULL), AMQPEXT_OK);
    poll_fd.fd = amqpext__jobs_fd(busy.jobs);
    assert_true(amqpext__state_tell(&busy.teller, &event));
    amqpext__jobs_notify(busy.jobs);
    while (poll(&poll_fd, 1, 0) == 1)
        amqpext__state_and_jobs_dispatch(&busy.teller, busy.jobs);
    assert_int_equal(busy.count, 2);
    amqpext__state_end(&busy.teller);
    amqpext__jobs_free(busy.jobs);
}

static void nobody_who_listens_is_no_dispatch(void **state)
{
    const struct endpoint endpoint = {0};
    const struct amqpext_state_event event =
        event_of(AMQPEXT_STATE_CONNECTING, AMQPEXT_STATE_READY);
    struct state_teller teller;

    (void)state;
    assert_int_equal(amqpext__state_init(&teller, &endpoint, true, NULL), AMQPEXT_OK);
    assert_false(amqpext__state_tell(&teller, &event));
    dispatch(&teller);
    amqpext__state_end(&teller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_at_once_without_dispatch),
        cmocka_unit_test(dispatch_tells_the_last_state_and_the_first_previous_one),
        cmocka_unit_test(dispatch_is_due_again_after_it_was_made),
        cmocka_unit_test(a_state_that_comes_during_a_dispatch_is_not_forgotten),
        cmocka_unit_test(nobody_who_listens_is_no_dispatch),
    };

    return cmocka_run_group_tests_name("state_teller", tests, NULL, NULL);
}
