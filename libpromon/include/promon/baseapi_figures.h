/*
 * Which figures of libbaseapi are which metrics: the table for promon/baseapi.h.
 */
#ifndef PROMON_BASEAPI_FIGURES_H
#define PROMON_BASEAPI_FIGURES_H

#include <baseapi/stats.h>
#include <promon/collect.h>
#include <promon/export.h>
#include <promon/figure.h>

PROMON_BEGIN_DECLS

/* The collector; `data` is the app. Since: 0.1 */
PROMON_INLINE void promon_baseapi_collect(void *data, struct promon_collection *collection)
{
#define PROMON_BASEAPI_ROW_(kind, name, help, member, label, value)                   \
    {                                                                                 \
        "baseapi_" name, help, PROMON_##kind, offsetof(struct baseapi_stats, member), \
            sizeof(uint64_t), label, value, 0                                         \
    }
    static const struct promon_figure figures[] = {
        PROMON_BASEAPI_ROW_(COUNTER, "requests_total", "Request lines read.", requests, NULL, NULL),
        PROMON_BASEAPI_ROW_(COUNTER, "responses_total", "Answers.", responses[0], "class", "1xx"),
        PROMON_BASEAPI_ROW_(COUNTER, "responses_total", "Answers.", responses[1], "class", "2xx"),
        PROMON_BASEAPI_ROW_(COUNTER, "responses_total", "Answers.", responses[2], "class", "3xx"),
        PROMON_BASEAPI_ROW_(COUNTER, "responses_total", "Answers.", responses[3], "class", "4xx"),
        PROMON_BASEAPI_ROW_(COUNTER, "responses_total", "Answers.", responses[4], "class", "5xx"),
        PROMON_BASEAPI_ROW_(COUNTER, "requests_cancelled_total", "Client gone.", cancelled, NULL,
                            NULL),
        PROMON_BASEAPI_ROW_(COUNTER, "connections_total", "Accepted.", connections, NULL, NULL),
        PROMON_BASEAPI_ROW_(GAUGE, "connections_active", "Connections.", active_connections, NULL,
                            NULL),
        PROMON_BASEAPI_ROW_(GAUGE, "requests_active", "Under way.", active_requests, NULL, NULL),
        PROMON_BASEAPI_ROW_(COUNTER, "refused_total", "Refused.", refused_malformed, "reason",
                            "malformed"),
        PROMON_BASEAPI_ROW_(COUNTER, "refused_total", "Refused.", refused_limit, "reason", "limit"),
        PROMON_BASEAPI_ROW_(COUNTER, "refused_total", "Refused.", refused_connection, "reason",
                            "connection"),
        PROMON_BASEAPI_ROW_(COUNTER, "refused_total", "Refused.", refused_busy, "reason", "busy"),
        PROMON_BASEAPI_ROW_(COUNTER, "timeouts_total", "Deadlines passed.", timeouts_header,
                            "stage", "header"),
        PROMON_BASEAPI_ROW_(COUNTER, "timeouts_total", "Deadlines passed.", timeouts_body, "stage",
                            "body"),
        PROMON_BASEAPI_ROW_(COUNTER, "timeouts_total", "Deadlines passed.", timeouts_handler,
                            "stage", "handler"),
        PROMON_BASEAPI_ROW_(COUNTER, "timeouts_total", "Deadlines passed.", timeouts_send, "stage",
                            "send"),
    };
#undef PROMON_BASEAPI_ROW_
    struct baseapi_stats stats = BASEAPI_STATS_INIT;
    const void *structure = &stats;

    baseapi_app_stats((const struct baseapi_app *)data, &stats);
    promon_collect_figures(collection, figures, sizeof(figures) / sizeof(figures[0]), NULL,
                           &structure, 1);
}

PROMON_END_DECLS

#endif
