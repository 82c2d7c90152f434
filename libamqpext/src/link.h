/*
 * Link: one connection with one channel and the I/O thread that owns them. It connects for ever,
 * logs in, runs the owner's plan on the channel, answers heartbeats, keeps deadlines, notices a
 * silent peer, and tells its owner (a producer, a consumer, an RPC client) what happens.
 *
 * Order: new, any number of start; the owner calls link_finish from the I/O thread when its work is
 * over; join; free. Functions marked [I/O] may be called on the I/O thread only, and all callbacks
 * of the owner come there, with no lock of the link held.
 *
 * An epoch is one life of the channel, from `ready` to `lost`; epochs are numbered from 1 and never
 * come back. What was received in one must not be answered in another.
 */
#ifndef AMQPEXT_SRC_LINK_H
#define AMQPEXT_SRC_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <amqpext/stats.h>

#include "clock.h"
#include "endpoint.h"
#include "plan.h"
#include "protocol/content.h"
#include "protocol/method.h"

enum { LINK_CHANNEL = 1 };

struct link;

struct link_owner {
    /*
     * Writes the steps for the channel that was just opened. A failure counts as one of the
     * broker.
     */
    enum amqpext_status (*plan)(void *owner, const struct broker *broker, struct plan *plan,
                                struct amqpext_error *error);
    /* May be NULL. A step was answered; `method` is its answer (queue.declare-ok, consume-ok). */
    void (*step_done)(void *owner, const struct step *step, const struct method *method);
    /*
     * May be NULL. The broker refused a step, or it does not fit into a frame. True: the plan is
     * written anew at once on a new channel (the owner has changed its mind), a few times in a row
     * at most; false: it is an error, permanent by its status.
     */
    bool (*step_failed)(void *owner, const struct step *step, const struct amqpext_error *error);
    /* The plan is carried out: an epoch begins. */
    void (*ready)(void *owner, uint64_t epoch);
    /*
     * The epoch is over, whatever the reason; a new one comes by itself. Of output that was given
     * to `gather`, nothing more is sent, but the rest of a message under way, of which the link has
     * a copy by now. `is_channel_only`: the connection goes on.
     */
    void (*lost)(void *owner, const struct amqpext_error *error, bool is_channel_only);
    /*
     * A method of the channel that answers none of the link's. False: it is a protocol error.
     * METHOD_BASIC_DELIVER and _RETURN come here instead of to `content` when the message was
     * larger than max_message_bytes and its body was left out: such a delivery has to be rejected,
     * since giving the connection up would only bring it back.
     */
    bool (*method)(void *owner, const struct method *method);
    /* A whole message, which is the owner's now (deliver and return). False: a protocol error. */
    bool (*content)(void *owner, struct content *content);
    /* May be NULL. In place of `method` for a message without its body, which stays the link's. */
    bool (*too_large)(void *owner, const struct content *content);
    /*
     * May be NULL. Bulk output: whole messages, in pieces that stay until `sent` has counted them
     * or `lost` was called. Returns the number of pieces. Not called while the broker blocks.
     */
    unsigned (*gather)(void *owner, struct iovec *pieces, unsigned max);
    /*
     * `n` bytes from the front of what was gathered have been sent, or copied by the link. Returns
     * how many bytes are missing to the end of the message that is under way, 0 between two.
     */
    size_t (*sent)(void *owner, size_t n);
    /*
     * Once per turn of the loop, before output is written, also while there is no epoch: the place
     * for what other threads have left, for deadlines, for joined acknowledgements. Not after
     * link_finish.
     */
    void (*turn)(void *owner, uint64_t now_us);
    /* When a turn is due without any event; NEVER for none. */
    uint64_t (*due_us)(void *owner);
    /*
     * May be NULL. How long the thread may look away from a quiet socket during an epoch, below
     * 10000: a broker that has much to answer does not wait for us, and looking seldom costs less.
     */
    unsigned (*leisure_us)(void *owner);
    /* The state has changed; also BLOCKED and back to READY. */
    void (*state)(void *owner, const struct amqpext_state_event *event);
};

/* The endpoint is taken over, also on failure. `owner` outlives the link. */
enum amqpext_status amqpext__link_new(struct endpoint *endpoint, const struct link_owner *owner,
                                      void *data, struct link **out, struct amqpext_error *error);

/* Starts the thread, once; any thread. Errors: AMQPEXT_ERESOURCES. */
enum amqpext_status amqpext__link_start(struct link *link, struct amqpext_error *error);
/*
 * Makes a turn come soon, which sees what was left before, under a mutex or by sequentially
 * consistent atomics; any thread and signal handlers. Cheap when one is coming already.
 */
void amqpext__link_wake(struct link *link);
/* Waits for an epoch; any thread but the I/O thread. See amqpext_producer_connect. */
enum amqpext_status amqpext__link_wait_ready(struct link *link, unsigned timeout_ms,
                                             struct amqpext_error *error);
bool amqpext__link_is_ready(const struct link *link); /* any thread */
bool amqpext__link_is_blocked(const struct link *link); /* any thread */
uint64_t amqpext__link_epoch(const struct link *link); /* any thread; 0 while there is none */
bool amqpext__link_is_own_thread(const struct link *link); /* any thread */
bool amqpext__link_is_started(const struct link *link); /* any thread */
const struct endpoint *amqpext__link_endpoint(const struct link *link);
void amqpext__link_stats(const struct link *link, struct amqpext_connection_stats *out);

/*
 * [I/O] Where methods are written with the amqpext__send_ functions; they go out after the message
 * under way. Valid until the callback returns. During an epoch only.
 */
struct text *amqpext__link_output(struct link *link);
/* [I/O] The broker as it presented itself; during an epoch only. */
const struct broker *amqpext__link_broker(const struct link *link);
/*
 * [I/O] Gives the connection up, once the callback has returned, and makes a new one: what the peer
 * sent or did cannot be.
 */
void amqpext__link_fail(struct link *link, const struct amqpext_error *error);
/* [I/O] The same with the channel, which is opened again with a new plan. */
void amqpext__link_reopen(struct link *link, const struct amqpext_error *error);
/*
 * [I/O] In `lost`: the reason is found and will not come again, so that the pauses that follow
 * start from the first.
 */
void amqpext__link_forgive(struct link *link);
/*
 * [I/O] The owner's work is over: what lies in link_output is sent, the connection is closed
 * politely within `linger_ms`, and the thread ends; `lost` is still called if there is an epoch.
 */
void amqpext__link_finish(struct link *link, unsigned linger_ms);

/* Waits for the end of the thread; not on the I/O thread. Without a thread, returns at once. */
void amqpext__link_join(struct link *link);
/* After join. */
void amqpext__link_free(struct link *link);

/* Logging with the endpoint's callback and level; any thread. */
void amqpext__log(const struct endpoint *endpoint, enum amqpext_log_level level, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

#endif
