/*
 * Which figures of libamqpext are which metrics: tables for promon/amqpext.h.
 */
#ifndef PROMON_AMQPEXT_FIGURES_H
#define PROMON_AMQPEXT_FIGURES_H

#include <amqpext/stats.h>
#include <promon/collect.h>
#include <promon/export.h>
#include <promon/figure.h>

PROMON_BEGIN_DECLS

#define PROMON_AMQPEXT_FIGURE_(part, kind, name, help, member, label, value)                    \
    {                                                                                           \
        "amqpext_" #part "_" name, help, kind, offsetof(struct amqpext_##part##_stats, member), \
            sizeof(uint64_t), label, value, 0                                                   \
    }
#define PROMON_AMQPEXT_ROW_(part, kind, name, help, member) \
    PROMON_AMQPEXT_FIGURE_(part, PROMON_##kind, name, help, member, NULL, NULL)
#define PROMON_AMQPEXT_LABEL_(part, name, help, member, label, value) \
    PROMON_AMQPEXT_FIGURE_(part, PROMON_COUNTER, name, help, member, label, value)

PROMON_INLINE const struct promon_figure *promon_amqpext_producer_figures_(size_t *count)
{
    static const struct promon_figure figures[] = {
        PROMON_AMQPEXT_ROW_(producer, COUNTER, "published_total", "Messages accepted.", published),
        PROMON_AMQPEXT_ROW_(producer, COUNTER, "refused_full_total", "Messages not accepted: full.",
                            refused_full),
        PROMON_AMQPEXT_LABEL_(producer, "outcomes_total", "Messages by outcome.", confirmed,
                              "outcome", "confirmed"),
        PROMON_AMQPEXT_LABEL_(producer, "outcomes_total", "Messages by outcome.", returned,
                              "outcome", "returned"),
        PROMON_AMQPEXT_LABEL_(producer, "outcomes_total", "Messages by outcome.", refused,
                              "outcome", "refused"),
        PROMON_AMQPEXT_LABEL_(producer, "outcomes_total", "Messages by outcome.", expired,
                              "outcome", "expired"),
        PROMON_AMQPEXT_LABEL_(producer, "outcomes_total", "Messages by outcome.", cancelled,
                              "outcome", "cancelled"),
        PROMON_AMQPEXT_ROW_(producer, COUNTER, "resent_total", "Messages sent another time.",
                            resent),
        PROMON_AMQPEXT_ROW_(producer, COUNTER, "sends_total", "Messages handed to the network.",
                            sends),
        PROMON_AMQPEXT_ROW_(producer, GAUGE, "pending", "Messages without an outcome.", pending),
        PROMON_AMQPEXT_ROW_(producer, GAUGE, "pending_bytes", "Bytes without an outcome.",
                            pending_bytes),
        PROMON_AMQPEXT_ROW_(producer, GAUGE, "memory_bytes", "Memory held for messages.",
                            memory_bytes),
        PROMON_AMQPEXT_ROW_(producer, GAUGE, "unconfirmed", "Messages sent, not confirmed.",
                            unconfirmed),
    };

    *count = sizeof(figures) / sizeof(figures[0]);
    return figures;
}

PROMON_INLINE const struct promon_figure *promon_amqpext_consumer_figures_(size_t *count)
{
    static const struct promon_figure figures[] = {
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "delivered_total", "Messages received.", delivered),
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "redelivered_total", "Messages marked so.",
                            redelivered),
        PROMON_AMQPEXT_LABEL_(consumer, "settled_total", "Messages by outcome.", acknowledged,
                              "outcome", "acknowledged"),
        PROMON_AMQPEXT_LABEL_(consumer, "settled_total", "Messages by outcome.", retried, "outcome",
                              "retried"),
        PROMON_AMQPEXT_LABEL_(consumer, "settled_total", "Messages by outcome.", dead_lettered,
                              "outcome", "dead_lettered"),
        PROMON_AMQPEXT_LABEL_(consumer, "settled_total", "Messages by outcome.", dropped, "outcome",
                              "dropped"),
        PROMON_AMQPEXT_LABEL_(consumer, "settled_total", "Messages by outcome.", requeued,
                              "outcome", "requeued"),
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "undecodable_total", "Messages not decoded.",
                            undecodable),
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "failed_total", "Handlers without a verdict.",
                            failed),
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "stale_total", "Settled without a connection.",
                            stale),
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "ack_frames_total", "Acknowledgements sent.",
                            ack_frames),
        PROMON_AMQPEXT_ROW_(consumer, COUNTER, "cancelled_total", "Cancelled by the broker.",
                            cancelled),
        PROMON_AMQPEXT_ROW_(consumer, GAUGE, "in_flight", "Messages not settled.", in_flight),
        PROMON_AMQPEXT_ROW_(consumer, GAUGE, "running", "Handlers that run.", running),
    };

    *count = sizeof(figures) / sizeof(figures[0]);
    return figures;
}

PROMON_INLINE const struct promon_figure *promon_amqpext_rpc_figures_(size_t *count)
{
    static const struct promon_figure figures[] = {
        PROMON_AMQPEXT_ROW_(rpc, COUNTER, "calls_total", "Calls.", calls),
        PROMON_AMQPEXT_LABEL_(rpc, "results_total", "Calls by result.", replies, "result", "reply"),
        PROMON_AMQPEXT_LABEL_(rpc, "results_total", "Calls by result.", errors, "result", "error"),
        PROMON_AMQPEXT_LABEL_(rpc, "results_total", "Calls by result.", returned, "result",
                              "returned"),
        PROMON_AMQPEXT_LABEL_(rpc, "results_total", "Calls by result.", timeouts, "result",
                              "timeout"),
        PROMON_AMQPEXT_LABEL_(rpc, "results_total", "Calls by result.", lost, "result", "lost"),
        PROMON_AMQPEXT_ROW_(rpc, COUNTER, "late_total", "Replies nobody waited for.", late),
        PROMON_AMQPEXT_ROW_(rpc, GAUGE, "pending", "Calls under way.", pending),
    };

    *count = sizeof(figures) / sizeof(figures[0]);
    return figures;
}

PROMON_INLINE const struct promon_figure *promon_amqpext_connection_figures_(size_t *count)
{
    static const struct promon_figure figures[] = {
        PROMON_AMQPEXT_ROW_(connection, GAUGE, "ready", "Ready: 1, else 0.", is_ready),
        PROMON_AMQPEXT_ROW_(connection, GAUGE, "blocked", "Blocked by the broker: 1, else 0.",
                            is_blocked),
        PROMON_AMQPEXT_ROW_(connection, COUNTER, "connects_total", "Times it became ready.",
                            connects),
        PROMON_AMQPEXT_ROW_(connection, COUNTER, "tries_total", "Tries, one per host.", tries),
        PROMON_AMQPEXT_LABEL_(connection, "lost_total", "Losses by cause.", lost_by_peer, "cause",
                              "peer"),
        PROMON_AMQPEXT_LABEL_(connection, "lost_total", "Losses by cause.", lost_by_network,
                              "cause", "network"),
        PROMON_AMQPEXT_LABEL_(connection, "lost_total", "Losses by cause.", lost_by_silence,
                              "cause", "silence"),
        PROMON_AMQPEXT_LABEL_(connection, "lost_total", "Losses by cause.", lost_by_protocol,
                              "cause", "protocol"),
        PROMON_AMQPEXT_ROW_(connection, COUNTER, "channel_closes_total", "By the broker.",
                            channel_closes),
        PROMON_AMQPEXT_ROW_(connection, COUNTER, "permanent_errors_total", "Not to be mended.",
                            permanent_errors),
        PROMON_AMQPEXT_LABEL_(connection, "bytes_total", "Bytes.", bytes_in, "direction", "in"),
        PROMON_AMQPEXT_LABEL_(connection, "bytes_total", "Bytes.", bytes_out, "direction", "out"),
        PROMON_AMQPEXT_LABEL_(connection, "system_calls_total", "Of the socket.", reads,
                              "direction", "in"),
        PROMON_AMQPEXT_LABEL_(connection, "system_calls_total", "Of the socket.", writes,
                              "direction", "out"),
        PROMON_AMQPEXT_ROW_(connection, COUNTER, "blocks_total", "Times the broker blocked it.",
                            blocked),
        {"amqpext_connection_blocked_seconds_total", "Blocked by the broker.", PROMON_COUNTER,
         offsetof(struct amqpext_connection_stats, blocked_us), sizeof(uint64_t), NULL, NULL, 1e-6},
    };

    *count = sizeof(figures) / sizeof(figures[0]);
    return figures;
}

#undef PROMON_AMQPEXT_FIGURE_
#undef PROMON_AMQPEXT_ROW_
#undef PROMON_AMQPEXT_LABEL_

/* Begins the family of a histogram of libamqpext. */
PROMON_INLINE void promon_amqpext_histogram_begin_(struct promon_collection *collection,
                                                   const char *name, const char *help)
{
    static const char *const labels[] = {"name", NULL};
    struct promon_collected family = PROMON_COLLECTED_INIT;
    double bounds[AMQPEXT_HISTOGRAM_BUCKETS - 1];
    unsigned i;

    for (i = 0; i < AMQPEXT_HISTOGRAM_BUCKETS - 1; i++)
        bounds[i] = (double)amqpext_histogram_bound_us(i) / 1e6;
    family.kind = PROMON_HISTOGRAM;
    family.name = name;
    family.help = help;
    family.unit = "seconds";
    family.labels = labels;
    family.buckets = bounds;
    family.n_buckets = AMQPEXT_HISTOGRAM_BUCKETS - 1;
    promon_collect_family(collection, &family);
}

/* One histogram of the family begun last. */
PROMON_INLINE void promon_amqpext_histogram_(struct promon_collection *collection, const char *name,
                                             const struct amqpext_histogram *histogram)
{
    const char *const values[] = {name, NULL};

    promon_collect_histogram(collection, values, histogram->buckets,
                             (double)histogram->sum_us / 1e6);
}

PROMON_END_DECLS

#endif
