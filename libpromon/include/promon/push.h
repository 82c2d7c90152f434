/*
 * Pushes to a Prometheus Pushgateway: for jobs that end before anybody scrapes them. One object
 * pushes once, periodically, or both. A Pushgateway never forgets a group: delete it, or let it be
 * deleted when the pusher is freed, if its last values must not stay.
 *
 * promon_push_attempts_total, promon_push_failures_total and
 * promon_push_last_success_timestamp_seconds, each with the label push_job, tell how it goes.
 */
#ifndef PROMON_PUSH_H
#define PROMON_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;
struct promon_pusher;

enum promon_push_mode {
    PROMON_PUSH_REPLACE = 0, /* PUT: everything of the group before goes */
    PROMON_PUSH_ADD = 1 /* POST: metrics of other names in the group stay */
};

/* Zero of every member means its default. All is copied. */
struct promon_push_options {
    size_t size; /* sizeof(struct promon_push_options) */
    const char *url; /* "http://host:9091"; mandatory; without a scheme http:// */
    const char *job; /* any text but ""; mandatory */
    /* Pairs of names and values, NULL-terminated; any value, "" as well; sorted by name. */
    const char *const *grouping;
    enum promon_push_mode mode;
    int64_t interval_ms; /* between starts of periodic pushes; default 15000 */
    int64_t timeout_ms; /* of one attempt; default 10000 */
    unsigned retries; /* after what may pass by itself: no connection, 429, 5xx; default none */
    int64_t retry_delay_ms; /* doubles up to 30 s, with jitter; default 500 */
    bool no_gzip;
    bool delete_on_free; /* DELETE of the group when the pusher is freed and has pushed */
    const char *user; /* basic authentication */
    const char *password;
    const char *bearer_token;
    const char *ca_file; /* PEM; default: the system's */
    bool skip_verify; /* accepts any certificate: tests only */
};

#define PROMON_PUSH_OPTIONS_INIT PROMON_INIT_(promon_push_options)

/*
 * Makes a pusher of a monitor's metrics; touches no network. It ends before the monitor.
 *
 * Thread:  any thread.
 * Errors:  PROMON_EINVALID  an option is wrong; a grouping label named "job", or not a label name.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_pusher_new(struct promon *promon,
                                                const struct promon_push_options *options,
                                                struct promon_pusher **out,
                                                struct promon_error *error);

/*
 * Ends periodic pushes with a last one, or deletes the group if that was asked for, and frees;
 * takes at most one timeout and a second. NULL is allowed.
 *
 * Thread:  one, when no other uses the pusher.
 * Since: 0.1
 */
PROMON_API void promon_pusher_free(struct promon_pusher *pusher);

/*
 * Pushes once and waits for the answer, retries included.
 *
 * Thread:  any thread; several take turns.
 * Errors:  PROMON_EREJECTED    the gateway refused: http_status and, in the message, its own words.
 *          PROMON_ECONNECTION  no connection.
 *          PROMON_ETIMEDOUT    no answer in time: the push may have been taken.
 *          PROMON_EINVALID     a series has a grouping label with another value.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_pusher_push(struct promon_pusher *pusher,
                                                 struct promon_error *error);

/*
 * Deletes the group at the gateway.
 *
 * Thread:  any thread; it takes its turn with pushes.
 * Errors:  those of promon_pusher_push.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_pusher_delete(struct promon_pusher *pusher,
                                                   struct promon_error *error);

/*
 * Pushes now and then every interval_ms, on a thread of its own, until promon_pusher_stop or free.
 * Failures are logged and counted.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ESTATE      it does that already, or its last push is under way.
 *          PROMON_ERESOURCES
 * Since:   0.1
 */
PROMON_API enum promon_status promon_pusher_start(struct promon_pusher *pusher,
                                                  struct promon_error *error);

/*
 * Ends periodic pushes with a last one, which the error tells of.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ESTATE  there are none, or they are ended already; and those of the last push.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_pusher_stop(struct promon_pusher *pusher,
                                                 struct promon_error *error);

/*
 * Pushes once by names and values: promon_pusher_new, promon_pusher_push and promon_pusher_free.
 *
 * Thread:  any thread.
 * Errors:  those of promon_pusher_new and promon_pusher_push.
 * Since: 0.1
 */
PROMON_API enum promon_status promon_push(struct promon *promon, const char *url, const char *job,
                                          const char *const *grouping, struct promon_error *error);

PROMON_END_DECLS

#endif
