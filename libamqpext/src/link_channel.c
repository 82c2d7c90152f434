/*
 * Link: the channel: opened, made ready by the owner's plan, closed and opened again.
 *
 * Order: open, the steps of the plan, an epoch; from each of them a close, ours or the broker's, a
 * pause and open again.
 * Invariant: an epoch is there exactly in PHASE_READY; a channel that fails again and again, with
 * or without an epoch in between, waits longer each time.
 */
#include "link_core.h"

#include "error.h"
#include "plan_step.h"
#include "protocol/send.h"
#include "reply.h"

/*
 * How often in a row an owner may change its mind about its plan without a pause: owners have two
 * or three ways to declare something, and none of them goes in circles.
 */
#define REPLANS_MAX 8
/*
 * After a connection was lost, the broker may hold on to what was exclusive to it until it has
 * noticed, which takes it up to three heartbeats.
 */
#define GHOST_HEARTBEATS 3

static void set_deadline(struct link *link, enum link_phase phase)
{
    link->phase = phase;
    link->due_us = link->now_us + (uint64_t)link->endpoint.reply_timeout_ms * 1000;
}

void amqpext__link_channel_open(struct link *link)
{
    amqpext__link_tell(link, AMQPEXT_STATE_CONNECTING);
    set_deadline(link, PHASE_OPENING);
    link->is_flow_stopped = false;
    amqpext__send_channel_open(&link->output.control, LINK_CHANNEL);
}

void amqpext__link_end_epoch(struct link *link, const struct amqpext_error *error,
                             bool is_channel_only)
{
    if (atomic_load(&link->epoch) == 0)
        return;
    atomic_store(&link->epoch, 0);
    link->output.missing = 0;
    amqpext__content_reset(&link->content);
    link->owner->lost(link->data, error, is_channel_only);
}

static void begin_epoch(struct link *link)
{
    if (link->connection_ready_us == 0)
        link->connection_ready_us = link->now_us;
    link->epoch_ready_us = link->now_us;
    link->replans = 0;
    link->phase = PHASE_READY;
    link->due_us = NEVER;
    link_count(link, COUNT_CONNECTS, 1);
    amqpext__log(&link->endpoint, AMQPEXT_LOG_INFO, "%s: ready, %zu steps of declaring done",
                 link->host->text, link->plan.count);
    amqpext__plan_free(&link->plan);
    atomic_store(&link->epoch, ++link->last_epoch);
    link->owner->ready(link->data, link->last_epoch);
    if (atomic_load(&link->is_blocked))
        amqpext__link_tell_blocked(link);
    else
        amqpext__link_tell(link, AMQPEXT_STATE_READY);
    amqpext__link_obey(link);
}

/* The channel is gone on both sides. */
static void pause_channel(struct link *link, const struct amqpext_error *error, bool is_permanent,
                          unsigned delay_ms)
{
    link->phase = PHASE_CHANNEL_PAUSE;
    link->due_us = link->now_us + (uint64_t)delay_ms * 1000;
    amqpext__plan_free(&link->plan);
    amqpext__link_tell_waiting(link, error, is_permanent, delay_ms);
}

static unsigned next_delay_ms(struct link *link)
{
    const uint64_t stable_us = (uint64_t)link->endpoint.stable_after_ms * 1000;

    if (link->epoch_ready_us != 0 && link->now_us >= link->epoch_ready_us + stable_us)
        amqpext__backoff_reset(&link->channel_backoff);
    link->epoch_ready_us = 0;
    return amqpext__backoff_next_ms(&link->channel_backoff);
}

/* Whether a step fails until somebody changes something. */
static bool step_is_permanent(const struct link *link, enum amqpext_status status)
{
    const uint64_t ghost_us =
        (uint64_t)link->handshake.heartbeat_s * GHOST_HEARTBEATS * UINT64_C(1000000);

    if ((status == AMQPEXT_ELOCKED || status == AMQPEXT_EACCESS) && link->lost_us != 0 &&
        link->now_us < link->lost_us + ghost_us)
        return false;
    return amqpext__reply_is_permanent(status);
}

/* The pause after a step that failed; 0 when the owner has another plan. */
static unsigned step_delay_ms(struct link *link, const struct amqpext_error *error,
                              bool *is_permanent)
{
    const struct step *step = link->step < link->plan.count ? &link->plan.steps[link->step] : NULL;

    *is_permanent = false;
    if (step != NULL && link->owner->step_failed != NULL && link->replans < REPLANS_MAX &&
        link->owner->step_failed(link->data, step, error)) {
        link->replans++;
        return 0;
    }
    link->replans = 0;
    *is_permanent = step_is_permanent(link, error->status);
    return *is_permanent ? link->endpoint.permanent_delay_ms : next_delay_ms(link);
}

/* Our side closes the channel; the next one is opened after `delay_ms`. */
static void close_channel(struct link *link, const struct amqpext_error *error, unsigned delay_ms,
                          bool is_permanent)
{
    amqpext__send_channel_close(&link->output.control, LINK_CHANNEL, REPLY_SUCCESS, "");
    set_deadline(link, PHASE_CHANNEL_CLOSING);
    link->closes_have_crossed = false;
    link->channel_delay_ms = delay_ms;
    link->channel_is_permanent = is_permanent;
    link->channel_error = *error;
}

/* A step, or the plan as a whole, cannot be: our own verdict, so the channel is still open. */
static void fail_plan(struct link *link, const struct amqpext_error *error)
{
    bool is_permanent;
    const unsigned delay_ms = step_delay_ms(link, error, &is_permanent);

    close_channel(link, error, delay_ms, is_permanent);
}

static void send_step(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (link->step == link->plan.count) {
        begin_epoch(link);
        return;
    }
    set_deadline(link, PHASE_PLANNING);
    if (amqpext__step_send(&link->plan.steps[link->step], link->handshake.broker.frame_max,
                           &link->output.control, &error) != AMQPEXT_OK)
        fail_plan(link, &error);
}

static void begin_plan(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum amqpext_status status;

    amqpext__plan_free(&link->plan);
    link->step = 0;
    status = link->owner->plan(link->data, &link->handshake.broker, &link->plan, &error);
    if (status == AMQPEXT_OK && link->plan.failed)
        status = amqpext__fail_memory(&error);
    if (status == AMQPEXT_OK) {
        send_step(link);
        return;
    }
    amqpext__plan_free(&link->plan);
    fail_plan(link, &error);
}

static void answer_step(struct link *link, const struct method *method)
{
    const struct step *step = &link->plan.steps[link->step];
    char what[STEP_TEXT_SIZE];

    if (method->kind != amqpext__step_answer(step)) {
        amqpext__link_lose_protocol(link, REPLY_UNEXPECTED_FRAME,
                                    "an answer to something that was not asked");
        return;
    }
    amqpext__step_describe(step, what, sizeof(what));
    amqpext__log(&link->endpoint, AMQPEXT_LOG_DEBUG, "%s: done: %s", link->host->text, what);
    if (link->owner->step_done != NULL)
        link->owner->step_done(link->data, step, method);
    if (!amqpext__link_obey(link))
        return;
    link->step++;
    send_step(link);
}

/* What the broker closed, and why; with the step that was under way, if there is one. */
static void describe_close(const struct link *link, const struct method *close,
                           struct amqpext_error *error)
{
    const int code = close->as.close.reply_code;
    const enum amqpext_status status =
        amqpext__reply_status(code, link->phase == PHASE_PLANNING ? REPLY_TO_STEP : REPLY_LATER);
    char text[REPLY_TEXT_SIZE], what[STEP_TEXT_SIZE];

    amqpext__reply_text(close->as.close.reply_text, text, sizeof(text));
    if (link->phase == PHASE_PLANNING) {
        amqpext__step_describe(&link->plan.steps[link->step], what, sizeof(what));
        amqpext__fail_reply(error, status, code, "cannot %s: %s", what, text);
    } else {
        amqpext__fail_reply(error, status, code, "the broker closed the channel: %s", text);
    }
}

bool amqpext__link_plan_refused(struct link *link, const struct method *close,
                                struct amqpext_error *error)
{
    bool is_permanent;

    describe_close(link, close, error);
    step_delay_ms(link, error, &is_permanent);
    return is_permanent;
}

static void closed_by_peer(struct link *link, const struct method *close)
{
    const bool is_planning = link->phase == PHASE_PLANNING;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    bool is_permanent = false;
    unsigned delay_ms = 0;

    describe_close(link, close, &error);
    if (!amqpext__link_absorb(link)) {
        amqpext__link_lose_memory(link);
        return;
    }
    amqpext__send_channel_close_ok(&link->output.control, LINK_CHANNEL);
    link_count(link, COUNT_CHANNEL_CLOSES, 1);
    if (is_planning)
        delay_ms = step_delay_ms(link, &error, &is_permanent);
    amqpext__link_end_epoch(link, &error, true);
    if (!is_planning)
        delay_ms = next_delay_ms(link);
    if (delay_ms == 0) {
        amqpext__plan_free(&link->plan);
        amqpext__link_channel_open(link);
    } else {
        pause_channel(link, &error, is_permanent, delay_ms);
    }
}

void amqpext__link_channel_reopen(struct link *link, const struct amqpext_error *error)
{
    const struct amqpext_error why = *error;

    if (!amqpext__link_absorb(link)) {
        amqpext__link_lose_memory(link);
        return;
    }
    close_channel(link, &why, next_delay_ms(link), false);
    amqpext__link_end_epoch(link, &why, true);
}

/* The broker closed the channel when our own channel.close was on its way. */
static void answer_crossing(struct link *link)
{
    if (link->closes_have_crossed) {
        amqpext__link_lose_protocol(link, REPLY_CHANNEL_ERROR, "a channel that was closed twice");
        return;
    }
    link->closes_have_crossed = true;
    amqpext__send_channel_close_ok(&link->output.control, LINK_CHANNEL);
}

/* Our channel.close is under way: nothing but its answer, or the broker's own close, matters. */
static void finish_closing(struct link *link, const struct method *method)
{
    const struct amqpext_error error = link->channel_error;

    if (method->kind == METHOD_CHANNEL_CLOSE)
        answer_crossing(link);
    if (method->kind != METHOD_CHANNEL_CLOSE_OK)
        return;
    if (link->channel_delay_ms == 0)
        amqpext__link_channel_open(link);
    else
        pause_channel(link, &error, link->channel_is_permanent, link->channel_delay_ms);
}

/* More than this of our own answers has piled up unsent: the peer asks and does not listen. */
#define ANSWERS_MAX ((size_t)64 * 1024)

static void answer_flow(struct link *link, const struct method *method)
{
    if (link->output.is_stuck && link->output.control.size > ANSWERS_MAX) {
        amqpext__link_lose_protocol(link, REPLY_RESOURCE_ERROR,
                                    "the peer asks more than it reads answers");
        return;
    }
    if (!amqpext__link_absorb(link)) {
        amqpext__link_lose_memory(link);
        return;
    }
    link->is_flow_stopped = !method->as.flow.is_active;
    amqpext__send_channel_flow_ok(&link->output.control, LINK_CHANNEL, method->as.flow.is_active);
}

static void ready_method(struct link *link, const struct method *method)
{
    if (!link->owner->method(link->data, method))
        amqpext__link_lose_protocol(link, REPLY_COMMAND_INVALID, "a method that was not expected");
    else
        amqpext__link_obey(link);
}

void amqpext__link_channel_method(struct link *link, const struct method *method)
{
    if (link->phase == PHASE_CHANNEL_CLOSING)
        finish_closing(link, method);
    else if (link->phase == PHASE_CHANNEL_PAUSE)
        amqpext__link_lose_protocol(link, REPLY_CHANNEL_ERROR, "a method on a closed channel");
    else if (method->kind == METHOD_CHANNEL_CLOSE)
        closed_by_peer(link, method);
    else if (method->kind == METHOD_CHANNEL_FLOW)
        answer_flow(link, method);
    else if (link->phase == PHASE_OPENING && method->kind == METHOD_CHANNEL_OPEN_OK)
        begin_plan(link);
    else if (link->phase == PHASE_PLANNING)
        answer_step(link, method);
    else if (link->phase == PHASE_READY)
        ready_method(link, method);
    else
        amqpext__link_lose_protocol(link, REPLY_UNEXPECTED_FRAME,
                                    "a method that does not open the channel");
}
