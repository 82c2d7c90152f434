/*
 * Link: output: our methods between the owner's messages, in as few system calls as may be.
 *
 * Order: methods are appended to `control` at any time; flush once per turn.
 * Invariant: bytes of `control` go out only where no message of the owner is under way, so that
 * frames of both never mix.
 */
#include "link_core.h"

#include <string.h>

#include "error.h"

/* As many pieces as the owner is asked for, and one of our own. */
#define PIECES_MAX 64
/* System calls of one turn: then it is time to read again. */
#define WRITES_MAX 8
/* Room for methods that is kept when all are sent. */
#define KEPT_CAPACITY ((size_t)64 * 1024)

/* What one system call is given: the owner's bytes before and after our methods. */
struct batch {
    struct iovec pieces[PIECES_MAX + 1];
    unsigned count;
    size_t before, control, after;
};

static size_t control_left(const struct link *link)
{
    return link->output.control.size - link->output.control_sent;
}

bool amqpext__link_has_output(const struct link *link)
{
    return control_left(link) != 0 || link->output.missing != 0 || link->output.is_stuck ||
           amqpext__stream_has_unsent(link->stream);
}

void amqpext__link_output_reset(struct link *link)
{
    text_free(&link->output.control);
    memset(&link->output, 0, sizeof(link->output));
}

static void reset_control(struct link_output *output)
{
    output->control_sent = 0;
    if (output->control.capacity > KEPT_CAPACITY)
        text_free(&output->control);
    else
        output->control.size = 0;
}

static bool may_gather(const struct link *link)
{
    return link->phase == PHASE_READY && !link->output.is_farewell && link->owner->gather != NULL &&
           !link->is_flow_stopped && !atomic_load_explicit(&link->is_blocked, memory_order_relaxed);
}

/* The owner's pieces, at most `most` bytes of them; returns how many. */
static size_t add_owner(struct link *link, struct batch *batch, size_t most)
{
    struct iovec *pieces = batch->pieces + batch->count;
    const unsigned n = link->owner->gather(link->data, pieces, PIECES_MAX - batch->count);
    size_t size = 0;
    unsigned i;

    for (i = 0; i < n && size < most; i++) {
        if (pieces[i].iov_len > most - size)
            pieces[i].iov_len = most - size;
        size += pieces[i].iov_len;
    }
    batch->count += i;
    return size;
}

static void add_control(struct link *link, struct batch *batch)
{
    struct iovec *piece = &batch->pieces[batch->count];

    batch->control = control_left(link);
    if (batch->control == 0)
        return;
    piece->iov_base = link->output.control.data + link->output.control_sent;
    piece->iov_len = batch->control;
    batch->count++;
}

static void fill(struct link *link, struct batch *batch)
{
    batch->count = 0;
    batch->before = batch->control = batch->after = 0;
    if (link->output.missing != 0 && control_left(link) != 0) {
        batch->before = add_owner(link, batch, link->output.missing);
        if (batch->before == link->output.missing)
            add_control(link, batch);
        return;
    }
    add_control(link, batch);
    if (may_gather(link))
        batch->after = add_owner(link, batch, SIZE_MAX);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void account_owner(struct link *link, size_t n)
{
    if (n != 0)
        link->output.missing = link->owner->sent(link->data, n);
}

static void account(struct link *link, const struct batch *batch, size_t n)
{
    const size_t before = smaller(n, batch->before);
    const size_t control = smaller(n - before, batch->control);

    link_count(link, COUNT_BYTES_OUT, n);
    if (n != 0)
        link->heartbeat.spoke_us = link->now_us;
    account_owner(link, before);
    link->output.control_sent += control;
    if (link->output.control.size != 0 && control_left(link) == 0)
        reset_control(&link->output);
    account_owner(link, n - before - control);
}

/* One system call. True: another one may move more. */
static bool write_some(struct link *link, enum stream_result *result, struct amqpext_error *error)
{
    struct link_output *output = &link->output;
    struct batch batch;
    size_t total, n = 0;

    fill(link, &batch);
    *result = STREAM_WAIT;
    output->is_stuck = false;
    if (batch.count == 0 && !amqpext__stream_has_unsent(link->stream))
        return false;
    total = batch.before + batch.control + batch.after;
    link_count(link, COUNT_WRITES, 1);
    *result = amqpext__stream_write(link->stream, batch.pieces, batch.count, &n, error);
    if (*result != STREAM_MOVED) {
        output->is_stuck = total != 0;
        return false;
    }
    account(link, &batch, n);
    if (n < total && !link->endpoint.has_tls) {
        /* The socket has said that it is full. */
        output->is_stuck = true;
        return false;
    }
    return n != 0;
}

void amqpext__link_flush(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum stream_result result = STREAM_WAIT;
    unsigned writes = 0;

    if (link->output.control.failed) {
        amqpext__link_lose_memory(link);
        return;
    }
    while (writes < WRITES_MAX && write_some(link, &result, &error))
        writes++;
    link->output.has_more = writes == WRITES_MAX;
    if (result == STREAM_FAILED || result == STREAM_END) {
        amqpext__fail(&error, AMQPEXT_ECONNECTION, "the peer closed the connection");
        amqpext__link_lose(link, COUNT_LOST_BY_NETWORK, &error);
    }
}

void amqpext__link_farewell(struct link *link)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum stream_result result;

    link->output.is_farewell = true;
    if (!link->output.control.failed)
        write_some(link, &result, &error);
}

/* Copies `most` bytes at most of what the owner has next. */
static size_t copy_owner(struct link *link, struct text *to, size_t most)
{
    struct batch batch = {.count = 0};
    const size_t size = add_owner(link, &batch, most);
    unsigned i;

    for (i = 0; i < batch.count; i++)
        text_bytes(to, batch.pieces[i].iov_base, batch.pieces[i].iov_len);
    return to->failed ? 0 : size;
}

bool amqpext__link_absorb(struct link *link)
{
    struct link_output *output = &link->output;
    struct text all = {0};

    if (output->missing == 0)
        return true;
    while (output->missing != 0) {
        const size_t size = copy_owner(link, &all, output->missing);

        if (size == 0)
            break;
        account_owner(link, size);
    }
    if (control_left(link) != 0)
        text_bytes(&all, output->control.data + output->control_sent, control_left(link));
    if (output->missing != 0 || all.failed || output->control.failed) {
        text_free(&all);
        return false;
    }
    text_free(&output->control);
    output->control = all;
    output->control_sent = 0;
    return true;
}
