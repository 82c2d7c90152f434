/*
 * Link inside: its parts and what they ask of each other.
 *
 *     link.c          made, started, asked, joined, freed
 *     link_watch.c    what other threads see: waking, waiting, figures
 *     link_loop.c     the thread: turns, timers, sleep
 *     link_connect.c  hosts in turn, pauses, dialing, losing a connection
 *     link_channel.c  the channel and its plan
 *     link_input.c    bytes to frames to whom they concern
 *     link_output.c   our methods and the owner's messages to bytes
 *     link_tell.c     states, log, errors for those who wait
 *
 * Everything runs on the I/O thread unless it says otherwise. A call that may end the connection
 * says so; after it `stream` is NULL if it did, and nothing else of the connection may be touched.
 */
#ifndef AMQPEXT_SRC_LINK_CORE_H
#define AMQPEXT_SRC_LINK_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "backoff.h"
#include "handshake.h"
#include "heartbeat.h"
#include "link.h"
#include "stream.h"
#include "text.h"

enum link_phase {
    PHASE_PAUSE, /* no connection before due_us */
    PHASE_DIALING,
    PHASE_LOGIN, /* until due_us at the latest, as all that follow but READY */
    PHASE_OPENING, /* channel.open is under way */
    PHASE_PLANNING, /* a step is */
    PHASE_READY, /* an epoch */
    PHASE_CHANNEL_CLOSING, /* our channel.close is under way */
    PHASE_CHANNEL_PAUSE, /* connection, but no channel before due_us */
    PHASE_CLOSING, /* our connection.close is under way */
    PHASE_OVER
};

/* Figures, in the order of struct amqpext_connection_stats. */
enum link_count {
    COUNT_CONNECTS,
    COUNT_TRIES,
    COUNT_LOST,
    COUNT_LOST_BY_PEER,
    COUNT_LOST_BY_NETWORK,
    COUNT_LOST_BY_SILENCE,
    COUNT_LOST_BY_PROTOCOL,
    COUNT_CHANNEL_CLOSES,
    COUNT_PERMANENT_ERRORS,
    COUNT_BYTES_IN,
    COUNT_BYTES_OUT,
    COUNT_READS,
    COUNT_WRITES,
    COUNT_BLOCKED,
    COUNT_BLOCKED_US,
    N_COUNTS
};

/* Whether the thread has to be woken by a write to the descriptor. */
enum link_sleep { SLEEP_AWAKE, SLEEP_ASLEEP, SLEEP_NOTIFIED };

/* What was read and not yet understood. */
struct link_input {
    char *data;
    size_t capacity;
    size_t start, end;
};

struct link_output {
    struct text control; /* our methods, and the rest of messages whose owner is no longer asked */
    size_t control_sent;
    size_t missing; /* bytes of the owner's message that is under way */
    bool is_stuck; /* the socket takes nothing for now */
    bool has_more; /* there is more to write than one turn does */
    bool is_farewell; /* no message of the owner follows any more */
};

struct link {
    struct endpoint endpoint;
    const struct link_owner *owner;
    void *data;

    /* Any thread. */
    _Atomic uint64_t epoch;
    atomic_bool is_blocked;
    _Atomic uint64_t blocked_since_us;
    _Atomic uint64_t counts[N_COUNTS];
    atomic_int sleep;
    int wake_fd;
    atomic_bool has_thread;
    _Atomic pthread_t own_thread;

    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool is_started, is_joining, is_joined;
    bool is_ready; /* as it was told last */
    bool is_finishing;
    bool is_permanent; /* somebody has to act now, */
    uint64_t n_permanent; /* had to so often, */
    struct amqpext_error permanent_error; /* the last time for this */
    struct amqpext_error last_error;

    /* The I/O thread's own. */
    int epoll_fd;
    uint64_t now_us; /* of this turn */
    enum link_phase phase;
    uint64_t due_us;
    uint64_t looked_us; /* the due_us before whose consequences input was read once more */
    enum amqpext_state state; /* as it was told last */
    size_t next_host; /* to be tried */
    const struct host *host; /* that was tried last */
    uint64_t *barred_until_us; /* of each host: it had a permanent error */
    size_t round_tries; /* hosts tried, or passed over, since the last pause */
    bool round_is_permanent;
    struct amqpext_error round_error; /* with round_is_permanent */
    struct backoff backoff, channel_backoff;
    /* After PHASE_CHANNEL_CLOSING: the pause, and why. */
    unsigned channel_delay_ms;
    bool channel_is_permanent;
    bool closes_have_crossed; /* the broker has closed it too */
    struct amqpext_error channel_error;
    uint64_t last_epoch;
    uint64_t connection_ready_us, epoch_ready_us; /* 0: not yet */
    uint64_t lost_us; /* when the last connection that had been ready was lost; 0: never */

    struct dial *dial;
    struct stream *stream;
    uint32_t stream_events; /* as registered */
    struct handshake handshake;
    struct heartbeat heartbeat;
    struct link_input input;
    struct link_output output;
    struct content_reader content;
    struct plan plan;
    size_t step; /* that is under way */
    unsigned replans; /* without an epoch in between */
    bool is_flow_stopped; /* by channel.flow */
    struct amqpext_error blocked_error; /* while the broker blocks: why */

    /* What the owner asked for in a callback, to be done when it has returned. */
    bool wants_fail, wants_reopen, wants_finish;
    struct amqpext_error request_error;
    unsigned linger_ms;
};

static inline void link_count(struct link *link, enum link_count count, uint64_t n)
{
    /* One writer: no need for a locked addition. */
    const uint64_t before = atomic_load_explicit(&link->counts[count], memory_order_relaxed);

    atomic_store_explicit(&link->counts[count], before + n, memory_order_relaxed);
}

/* The connection is logged in, and heartbeats are due. */
static inline bool link_is_open(const struct link *link)
{
    return link->phase >= PHASE_OPENING && link->phase <= PHASE_CLOSING;
}

/* link_loop.c */
void *amqpext__link_run(void *link);
void amqpext__link_over(struct link *link); /* drops the connection; the thread ends */
/* Does what the owner asked for. False: connection or channel are not what they were. */
bool amqpext__link_obey(struct link *link);

/* link_connect.c */
void amqpext__link_dial(struct link *link);
void amqpext__link_dial_step(struct link *link);
/*
 * Ends the connection, or the attempt at one; `cause` is COUNT_LOST_BY_…, or COUNT_LOST for none of
 * them. A pause follows.
 */
void amqpext__link_lose(struct link *link, enum link_count cause,
                        const struct amqpext_error *error);
void amqpext__link_lose_memory(struct link *link);
void amqpext__link_lose_silent(struct link *link, const char *what);
/* The same, after the broker was told by connection.close what it did. */
void amqpext__link_lose_protocol(struct link *link, int reply_code, const char *what);
/* The broker closed the connection. */
void amqpext__link_closed(struct link *link, const struct method *close);
void amqpext__link_forget_blocked(struct link *link);
void amqpext__link_drop(struct link *link); /* the connection or dial, without a word */

/* link_channel.c; all may end the connection */
void amqpext__link_channel_open(struct link *link);
void amqpext__link_channel_method(struct link *link, const struct method *method);
/* Our side gives the channel up; the next one is opened after `delay_ms`. */
void amqpext__link_channel_reopen(struct link *link, const struct amqpext_error *error);
/* The connection was closed in the middle of the plan. Fills the error; whether it is permanent. */
bool amqpext__link_plan_refused(struct link *link, const struct method *close,
                                struct amqpext_error *error);
void amqpext__link_end_epoch(struct link *link, const struct amqpext_error *error,
                             bool is_channel_only);

/* link_input.c; may end the connection */
void amqpext__link_input(struct link *link);
void amqpext__link_input_free(struct link *link);

/* link_output.c */
void amqpext__link_flush(struct link *link); /* may end the connection */
/* Last words: writes what the socket takes of our methods, and does not care. */
void amqpext__link_farewell(struct link *link);
bool amqpext__link_has_output(const struct link *link); /* something waits to be written */
/* Takes the rest of the owner's message under way over; false without memory. */
bool amqpext__link_absorb(struct link *link);
void amqpext__link_output_reset(struct link *link);

/* link_tell.c */
void amqpext__link_tell(struct link *link, enum amqpext_state state);
void amqpext__link_tell_waiting(struct link *link, const struct amqpext_error *error,
                                bool is_permanent, unsigned retry_in_ms);
void amqpext__link_tell_blocked(struct link *link);
void amqpext__link_tell_unblocked(struct link *link);
void amqpext__link_tell_finishing(struct link *link);

#endif
