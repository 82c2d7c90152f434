/*
 * libpromon and libminiorm: the figures of databases and clients as metrics. For programs that use
 * both libraries.
 *
 *     static struct promon_miniorm_client orders = PROMON_MINIORM_CLIENT_INIT;
 *     const struct promon_miniorm_source sources[] = {
 *         {"shop", database, NULL}, {"orders", NULL, &orders}, {NULL, NULL, NULL}};
 *     promon_miniorm_export(promon, sources, &collector, &error);
 *     …
 *     promon_miniorm_client_update(&orders, client);   on the client's loop, now and then
 *
 * Metrics, with the label name:
 *     miniorm_pool_connections, miniorm_pool_connections_busy, miniorm_pool_waiting
 *     miniorm_pool_acquired_total, miniorm_pool_timeouts_total, miniorm_pool_connect_failures_total
 *     miniorm_client_connections, miniorm_client_waiting, miniorm_client_in_flight
 *     miniorm_client_submitted_total, miniorm_client_completed_total, miniorm_client_syncs_total
 *     miniorm_client_requeued_total, miniorm_client_reconnects_total
 */
#ifndef PROMON_MINIORM_H
#define PROMON_MINIORM_H

#include <pthread.h>
#include <stdlib.h>

#include <miniorm/client.h>
#include <miniorm/database.h>
#include <promon/collect.h>
#include <promon/export.h>
#include <promon/figure.h>

PROMON_BEGIN_DECLS

/* The last known figures of a client, which belongs to its loop and cannot be asked by others. */
struct promon_miniorm_client {
    pthread_mutex_t lock;
    struct miniorm_client_stats stats;
};

#define PROMON_MINIORM_CLIENT_INIT       \
    {                                    \
        PTHREAD_MUTEX_INITIALIZER,       \
        {                                \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
        }                                \
    }

/* Takes the figures of now. Thread: that of the client's loop. Since: 0.1 */
PROMON_INLINE void promon_miniorm_client_update(struct promon_miniorm_client *known,
                                                const struct miniorm_client *client)
{
    struct miniorm_client_stats stats;

    memset(&stats, 0, sizeof(stats));
    stats.size = sizeof(stats);
    miniorm_client_stats(client, &stats);
    pthread_mutex_lock(&known->lock);
    known->stats = stats;
    pthread_mutex_unlock(&known->lock);
}

/* What is told under one name: the blocking pool of a database, a client, or both. */
struct promon_miniorm_source {
    const char *name; /* NULL ends a table */
    const struct miniorm_database *database;
    struct promon_miniorm_client *client;
};

#define PROMON_MINIORM_ROW_(part, kind, name, help, member)                     \
    {                                                                           \
        "miniorm_" #part "_" name, help, PROMON_##kind,                         \
            offsetof(struct miniorm_##part##_stats, member),                    \
            sizeof(((struct miniorm_##part##_stats *)0)->member), NULL, NULL, 0 \
    }

/* All of one scrape. */
struct promon_miniorm_room_ {
    const char **names;
    const void **structures;
    struct miniorm_pool_stats *pools;
    struct miniorm_client_stats *clients;
};

PROMON_INLINE void promon_miniorm_pools_(const struct promon_miniorm_source *source,
                                         struct promon_miniorm_room_ *room,
                                         struct promon_collection *collection)
{
    static const struct promon_figure figures[] = {
        PROMON_MINIORM_ROW_(pool, GAUGE, "connections", "Connections of the blocking pool.", open),
        PROMON_MINIORM_ROW_(pool, GAUGE, "connections_busy", "Connections in use.", busy),
        PROMON_MINIORM_ROW_(pool, GAUGE, "waiting", "Threads that wait for a connection.", waiting),
        PROMON_MINIORM_ROW_(pool, COUNTER, "acquired_total", "Connections handed out.", acquired),
        PROMON_MINIORM_ROW_(pool, COUNTER, "timeouts_total",
                            "Waits that ended without a connection.", timeouts),
        PROMON_MINIORM_ROW_(pool, COUNTER, "connect_failures_total",
                            "Connections that could not be opened.", connect_failures),
    };
    size_t count = 0;

    for (; source->name != NULL; source++) {
        if (source->database == NULL)
            continue;
        room->pools[count].size = sizeof(room->pools[count]);
        miniorm_database_pool_stats(source->database, &room->pools[count]);
        room->names[count] = source->name;
        room->structures[count] = &room->pools[count];
        count++;
    }
    promon_collect_figures(collection, figures, sizeof(figures) / sizeof(figures[0]), room->names,
                           room->structures, count);
}

PROMON_INLINE void promon_miniorm_clients_(const struct promon_miniorm_source *source,
                                           struct promon_miniorm_room_ *room,
                                           struct promon_collection *collection)
{
    static const struct promon_figure figures[] = {
        PROMON_MINIORM_ROW_(client, GAUGE, "connections", "Usable connections.", connections),
        PROMON_MINIORM_ROW_(client, GAUGE, "waiting", "Operations not yet sent.", waiting),
        PROMON_MINIORM_ROW_(client, GAUGE, "in_flight", "Operations sent, without an answer.",
                            in_flight),
        PROMON_MINIORM_ROW_(client, COUNTER, "submitted_total", "Operations submitted.", submitted),
        PROMON_MINIORM_ROW_(client, COUNTER, "completed_total", "Operations completed.", completed),
        PROMON_MINIORM_ROW_(client, COUNTER, "syncs_total", "Round trips.", syncs),
        PROMON_MINIORM_ROW_(client, COUNTER, "requeued_total", "Reads that were sent again.",
                            requeued),
        PROMON_MINIORM_ROW_(client, COUNTER, "reconnects_total", "Connections opened again.",
                            reconnects),
    };
    size_t count = 0;

    for (; source->name != NULL; source++) {
        if (source->client == NULL)
            continue;
        pthread_mutex_lock(&source->client->lock);
        room->clients[count] = source->client->stats;
        pthread_mutex_unlock(&source->client->lock);
        room->names[count] = source->name;
        room->structures[count] = &room->clients[count];
        count++;
    }
    promon_collect_figures(collection, figures, sizeof(figures) / sizeof(figures[0]), room->names,
                           room->structures, count);
}

#undef PROMON_MINIORM_ROW_

/*
 * The collector of promon_miniorm_export; `data` is the table. Without memory it tells nothing.
 * Since: 0.1
 */
PROMON_INLINE void promon_miniorm_collect(void *data, struct promon_collection *collection)
{
    const struct promon_miniorm_source *sources = (const struct promon_miniorm_source *)data;
    struct promon_miniorm_room_ room;
    size_t count = 1;

    while (sources[count - 1].name != NULL)
        count++;
    room.names = (const char **)calloc(count, sizeof(*room.names));
    room.structures = (const void **)calloc(count, sizeof(*room.structures));
    room.pools = (struct miniorm_pool_stats *)calloc(count, sizeof(*room.pools));
    room.clients = (struct miniorm_client_stats *)calloc(count, sizeof(*room.clients));
    if (room.names != NULL && room.structures != NULL && room.pools != NULL &&
        room.clients != NULL) {
        promon_miniorm_pools_(sources, &room, collection);
        promon_miniorm_clients_(sources, &room, collection);
    }
    free(room.names);
    free(room.structures);
    free(room.pools);
    free(room.clients);
}

/*
 * Adds the figures of a table of sources to the metrics; at most one table of a monitor. The table
 * and what it names are borrowed until the collector is removed.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_INLINE enum promon_status promon_miniorm_export(struct promon *promon,
                                                       const struct promon_miniorm_source *sources,
                                                       struct promon_collector **out,
                                                       struct promon_error *error)
{
    return promon_collector_add(promon, promon_miniorm_collect, (void *)(uintptr_t)sources, out,
                                error);
}

PROMON_END_DECLS

#endif
