/*
 * libpromon and libamqpext: the figures of producers, consumers and RPC clients as metrics. For
 * programs that use both libraries.
 *
 *     const struct promon_amqpext_source sources[] = {{"orders", producer, NULL, NULL},
 *                                                     {"mails", NULL, consumer, NULL},
 *                                                     {NULL, NULL, NULL, NULL}};
 *     promon_amqpext_export(promon, sources, &collector, &error);
 *
 * Metrics, with the label name; amqpext/stats.h says what each figure means:
 *     amqpext_producer_published_total, …_refused_full_total, …_outcomes_total{outcome},
 *     …_resent_total, …_sends_total, …_pending, …_pending_bytes, …_memory_bytes, …_unconfirmed,
 *     …_confirm_latency_seconds (histogram)
 *     amqpext_consumer_delivered_total, …_redelivered_total, …_settled_total{outcome},
 *     …_undecodable_total, …_failed_total, …_stale_total, …_ack_frames_total, …_cancelled_total,
 *     …_in_flight, …_running, …_handler_seconds (histogram)
 *     amqpext_rpc_calls_total, …_results_total{result}, …_late_total, …_pending,
 *     …_call_seconds (histogram)
 *     amqpext_connection_ready, …_blocked, …_connects_total, …_tries_total, …_lost_total{cause},
 *     …_channel_closes_total, …_permanent_errors_total, …_bytes_total{direction},
 *     …_system_calls_total{direction}, …_blocks_total, …_blocked_seconds_total
 * Names are to differ within a table.
 */
#ifndef PROMON_AMQPEXT_H
#define PROMON_AMQPEXT_H

#include <stdlib.h>

#include <amqpext/consumer.h>
#include <amqpext/producer.h>
#include <amqpext/rpc.h>
#include <amqpext/stats.h>
#include <promon/amqpext_figures.h>
#include <promon/collect.h>
#include <promon/export.h>
#include <promon/figure.h>

PROMON_BEGIN_DECLS

/* What is told under one name, which no other source has: exactly one of the three. */
struct promon_amqpext_source {
    const char *name; /* NULL ends a table */
    const struct amqpext_producer *producer;
    const struct amqpext_consumer *consumer;
    const struct amqpext_rpc_client *rpc_client;
};

/* One source with its figures of this scrape. */
struct promon_amqpext_taken_ {
    const void *kind; /* of the source: the table of its figures */
    union {
        struct amqpext_producer_stats producer;
        struct amqpext_consumer_stats consumer;
        struct amqpext_rpc_stats rpc;
    } stats;
    const void *connection;
    const struct amqpext_histogram *histogram;
};

/* All of one scrape, and what of it is told at a time. */
struct promon_amqpext_room_ {
    struct promon_amqpext_taken_ *taken;
    const char **names;
    const void **structures;
    const struct amqpext_histogram **histograms;
    size_t count;
};

PROMON_INLINE void promon_amqpext_take_(const struct promon_amqpext_source *source,
                                        struct promon_amqpext_taken_ *taken)
{
    size_t count;

    if (source->producer != NULL) {
        taken->kind = promon_amqpext_producer_figures_(&count);
        taken->stats.producer.size = sizeof(taken->stats.producer);
        amqpext_producer_stats(source->producer, &taken->stats.producer);
        taken->connection = &taken->stats.producer.connection;
        taken->histogram = &taken->stats.producer.confirm_latency;
    } else if (source->consumer != NULL) {
        taken->kind = promon_amqpext_consumer_figures_(&count);
        taken->stats.consumer.size = sizeof(taken->stats.consumer);
        amqpext_consumer_stats(source->consumer, &taken->stats.consumer);
        taken->connection = &taken->stats.consumer.connection;
        taken->histogram = &taken->stats.consumer.handler_time;
    } else if (source->rpc_client != NULL) {
        taken->kind = promon_amqpext_rpc_figures_(&count);
        taken->stats.rpc.size = sizeof(taken->stats.rpc);
        amqpext_rpc_client_stats(source->rpc_client, &taken->stats.rpc);
        taken->connection = &taken->stats.rpc.connection;
        taken->histogram = &taken->stats.rpc.call_time;
    }
}

/* The sources of one kind; of NULL the connections of all. */
PROMON_INLINE void promon_amqpext_choose_(const struct promon_amqpext_source *sources,
                                          struct promon_amqpext_room_ *room, const void *kind)
{
    size_t i;

    room->count = 0;
    for (i = 0; sources[i].name != NULL; i++) {
        const struct promon_amqpext_taken_ *taken = &room->taken[i];

        if (taken->kind == NULL || (kind != NULL && kind != taken->kind))
            continue;
        room->names[room->count] = sources[i].name;
        room->structures[room->count] = kind == NULL ? taken->connection : &taken->stats;
        room->histograms[room->count] = taken->histogram;
        room->count++;
    }
}

/* One kind of sources: its figures and, unless `name` is NULL, its histogram. */
PROMON_INLINE void promon_amqpext_tell_(const struct promon_amqpext_room_ *room,
                                        struct promon_collection *collection,
                                        const struct promon_figure *figures, size_t n_figures,
                                        const char *name, const char *help)
{
    size_t i;

    promon_collect_figures(collection, figures, n_figures, room->names, room->structures,
                           room->count);
    if (name != NULL && room->count != 0)
        promon_amqpext_histogram_begin_(collection, name, help);
    for (i = 0; name != NULL && i < room->count; i++)
        promon_amqpext_histogram_(collection, room->names[i], room->histograms[i]);
}

PROMON_INLINE void promon_amqpext_tell_all_(const struct promon_amqpext_source *sources,
                                            struct promon_amqpext_room_ *room,
                                            struct promon_collection *collection)
{
    size_t count;
    const struct promon_figure *figures = promon_amqpext_producer_figures_(&count);

    promon_amqpext_choose_(sources, room, figures);
    promon_amqpext_tell_(room, collection, figures, count,
                         "amqpext_producer_confirm_latency_seconds",
                         "From publishing to the broker's confirmation.");
    figures = promon_amqpext_consumer_figures_(&count);
    promon_amqpext_choose_(sources, room, figures);
    promon_amqpext_tell_(room, collection, figures, count, "amqpext_consumer_handler_seconds",
                         "How long handlers ran.");
    figures = promon_amqpext_rpc_figures_(&count);
    promon_amqpext_choose_(sources, room, figures);
    promon_amqpext_tell_(room, collection, figures, count, "amqpext_rpc_call_seconds",
                         "Calls that were replied to.");
    figures = promon_amqpext_connection_figures_(&count);
    promon_amqpext_choose_(sources, room, NULL);
    promon_amqpext_tell_(room, collection, figures, count, NULL, NULL);
}

/* The collector; `data` is the table. Without memory it tells nothing. Since: 0.1 */
PROMON_INLINE void promon_amqpext_collect(void *data, struct promon_collection *collection)
{
    const struct promon_amqpext_source *sources = (const struct promon_amqpext_source *)data;
    struct promon_amqpext_room_ room;
    size_t count = 0, i;

    while (sources[count].name != NULL)
        count++;
    room.taken = (struct promon_amqpext_taken_ *)calloc(count + 1, sizeof(*room.taken));
    room.names = (const char **)calloc(count + 1, sizeof(*room.names));
    room.structures = (const void **)calloc(count + 1, sizeof(*room.structures));
    room.histograms =
        (const struct amqpext_histogram **)calloc(count + 1, sizeof(*room.histograms));
    if (room.taken != NULL && room.names != NULL && room.structures != NULL &&
        room.histograms != NULL) {
        for (i = 0; i < count; i++)
            promon_amqpext_take_(&sources[i], &room.taken[i]);
        promon_amqpext_tell_all_(sources, &room, collection);
    }
    free(room.taken);
    free(room.names);
    free(room.structures);
    free(room.histograms);
}

/*
 * Adds the figures of a table of sources to the metrics; at most one table of a monitor. The table
 * and what it names are borrowed until the collector is removed.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_INLINE enum promon_status promon_amqpext_export(struct promon *promon,
                                                       const struct promon_amqpext_source *sources,
                                                       struct promon_collector **out,
                                                       struct promon_error *error)
{
    return promon_collector_add(promon, promon_amqpext_collect, (void *)(uintptr_t)sources, out,
                                error);
}

PROMON_END_DECLS

#endif
