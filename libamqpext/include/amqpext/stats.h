/*
 * Figures of producers, consumers and RPC, made for Prometheus: what only grows is a counter, what
 * has "now" in its comment a gauge. Set `size` before asking; later versions append members.
 */
#ifndef AMQPEXT_STATS_H
#define AMQPEXT_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>

AMQPEXT_BEGIN_DECLS

#define AMQPEXT_HISTOGRAM_BUCKETS 18

/* Durations, counted by the first bound that is not below them; not cumulative. */
struct amqpext_histogram {
    uint64_t buckets[AMQPEXT_HISTOGRAM_BUCKETS]; /* the last one has no bound */
    uint64_t count;
    uint64_t sum_us;
};

/*
 * Upper bound of a bucket in microseconds: 100, 250, 500, 1000, … up to 10,000,000, then
 * 30,000,000, and UINT64_MAX for the last.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API uint64_t amqpext_histogram_bound_us(unsigned bucket);

/* An upper estimate of the q-quantile (0 to 1) in microseconds; 0 of an empty one. Since: 0.1 */
AMQPEXT_API uint64_t amqpext_histogram_quantile_us(const struct amqpext_histogram *histogram,
                                                   double q);

struct amqpext_connection_stats {
    uint64_t connects; /* times it became ready */
    uint64_t tries; /* of connecting, one per host tried */
    uint64_t lost; /* connections that ended without being asked to, by cause: */
    uint64_t lost_by_peer; /* closed by the broker, or end of the stream */
    uint64_t lost_by_network; /* reset, unreachable */
    uint64_t lost_by_silence; /* no heartbeat, no answer in time */
    uint64_t lost_by_protocol; /* what the peer sent was wrong */
    uint64_t channel_closes; /* channels closed by the broker */
    uint64_t permanent_errors;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t reads; /* system calls */
    uint64_t writes;
    uint64_t blocked; /* times the broker said so */
    uint64_t blocked_us; /* for how long in all */
    uint64_t is_ready; /* now: 0 or 1 */
    uint64_t is_blocked; /* now: 0 or 1 */
};

struct amqpext_producer_stats {
    size_t size;
    uint64_t published; /* accepted */
    uint64_t refused_full; /* not accepted: full */
    uint64_t confirmed;
    uint64_t returned;
    uint64_t refused;
    uint64_t expired;
    uint64_t cancelled;
    uint64_t resent; /* messages sent another time */
    uint64_t sends; /* messages handed to the network, resent ones included */
    uint64_t pending; /* now: without outcome */
    uint64_t pending_bytes; /* now */
    uint64_t memory_bytes; /* now: held for messages */
    uint64_t unconfirmed; /* now: sent, without outcome */
    struct amqpext_histogram confirm_latency; /* publish to CONFIRMED */
    struct amqpext_connection_stats connection;
};

#define AMQPEXT_PRODUCER_STATS_INIT AMQPEXT_INIT_(amqpext_producer_stats)

struct amqpext_consumer_stats {
    size_t size;
    uint64_t delivered; /* received */
    uint64_t redelivered; /* of them, with the broker's mark */
    uint64_t acknowledged; /* to the broker, at once or within ack_delay_ms, as the following */
    uint64_t retried; /* put off for a later attempt */
    uint64_t dead_lettered; /* rejected, out of attempts, or undecodable */
    uint64_t dropped; /* the same with nowhere to go */
    uint64_t requeued;
    uint64_t undecodable;
    uint64_t failed; /* handlers that returned no verdict */
    uint64_t stale; /* settled after their connection was gone */
    uint64_t ack_frames; /* of basic.ack: fewer than acknowledged when they are joined */
    uint64_t cancelled; /* times the broker cancelled the consumer */
    uint64_t in_flight; /* now: received and not settled */
    uint64_t running; /* now: handlers */
    uint64_t last_delivery_age_us; /* now: since the last one; UINT64_MAX before the first */
    struct amqpext_histogram handler_time;
    struct amqpext_connection_stats connection;
};

#define AMQPEXT_CONSUMER_STATS_INIT AMQPEXT_INIT_(amqpext_consumer_stats)

struct amqpext_rpc_stats {
    size_t size;
    uint64_t calls;
    uint64_t replies;
    uint64_t errors; /* answered with an error by the other side */
    uint64_t returned; /* nobody serves that routing key */
    uint64_t timeouts;
    uint64_t lost; /* connection gone with the call under way */
    uint64_t late; /* replies that nobody waited for any more */
    uint64_t pending; /* now */
    struct amqpext_histogram call_time; /* of calls that were replied to */
    struct amqpext_connection_stats connection;
};

#define AMQPEXT_RPC_STATS_INIT AMQPEXT_INIT_(amqpext_rpc_stats)

AMQPEXT_END_DECLS

#endif
