/*
 * Ledger: every message that was published and has no outcome yet, in the order of publishing.
 *
 * A message is unsent, then sent (it has a delivery tag, which counts the messages sent in this
 * epoch), then decided: it has its one outcome, and waits, if somebody wants to know, to be taken
 * and told. When an epoch is lost, what was sent becomes unsent again, in its old place.
 *
 * Pure bookkeeping: no thread, no lock, no clock of its own. The caller keeps others away.
 */
#ifndef AMQPEXT_SRC_LEDGER_H
#define AMQPEXT_SRC_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <amqpext/publish.h>
#include <amqpext/stats.h>

#include "bytes.h"
#include "ledger_blocks.h"
#include "ledger_entries.h"
#include "ledger_runs.h"
#include "ledger_tags.h"

/* Outcomes that are told between two looks at the ledger. */
enum { LEDGER_TELL_MAX = 64 };

struct ledger_limits {
    unsigned max_messages;
    size_t max_bytes;
    unsigned max_unconfirmed; /* 0: no limit */
};

/*
 * The search for the message that makes the broker close the channel: what was under way when it
 * happened is sent again in batches, of one message at first and twice as many after each batch
 * that went well. Over when all suspects have outcomes.
 */
struct isolation {
    size_t suspects; /* undecided; 0: nothing is searched */
    unsigned batch; /* messages in a batch */
    unsigned left; /* of this batch, not sent yet */
    bool is_doubtful; /* the broker may mean one that expired or was dropped under way */
};

struct ledger {
    struct ledger_limits limits;
    uint32_t frame_max; /* of messages that are added from now on */
    uint32_t framed_max; /* that some message may have been framed for */
    struct blocks blocks;
    struct entries entries;
    struct runs runs;
    struct tags tags;
    struct entry *first, *last; /* undecided: sent ones, then unsent ones */
    struct entry *unsent; /* the first of those, or NULL */
    struct entry *returned; /* where the search for the next returned message begins, or NULL */
    struct entry *decided, *decided_last; /* to be taken */
    size_t n_undecided, n_sent;
    size_t n_untold; /* decided and not released */
    uint64_t to_tell; /* messages with a callback that were ever decided */
    size_t bytes; /* of undecided messages */
    size_t reserved, reserved_bytes; /* promised to threads that waited for room */
    uint64_t serial; /* of the last message */
    uint64_t last_tag;
    uint64_t min_deadline_us; /* not above any of the undecided messages' */
    uint64_t next_scan_us;
    bool has_more; /* there was something to send when the last run had gone */
    struct isolation isolation;
    struct amqpext_producer_stats figures; /* counters and the histogram */
};

void amqpext__ledger_init(struct ledger *ledger, const struct ledger_limits *limits,
                          uint32_t frame_max);
void amqpext__ledger_free(struct ledger *ledger);

/* Room: whether a message can be added, and holding its place for a thread on its way. */
bool amqpext__ledger_has_room(const struct ledger *ledger, size_t size);
bool amqpext__ledger_is_untold_full(const struct ledger *ledger);
void amqpext__ledger_reserve(struct ledger *ledger, size_t size);
void amqpext__ledger_unreserve(struct ledger *ledger, size_t size);

/* A message as it is added; strings are copied. */
struct new_message {
    struct block *block; /* filled with the message, taken over on success; or NULL: */
    struct bytes frames; /* the message, which is copied */
    uint32_t frame_max; /* that it was framed for */
    const char *id;
    bool is_mandatory;
    uint64_t published_us, deadline_us; /* NEVER for none */
    amqpext_outcome_fn done; /* may be NULL, as the following */
    void *data;
    struct outcome_wait *wait;
    void *owner;
};

/*
 * Adds a message, whether or not there is room. *is_first: nothing else waits to be sent, so that
 * whoever sends has to be told. Errors: AMQPEXT_ENOMEM, ETOOLARGE (frame_max became smaller).
 */
enum amqpext_status amqpext__ledger_add(struct ledger *ledger, const struct new_message *message,
                                        bool *is_first, struct amqpext_error *error);

/* An epoch begins. Errors: AMQPEXT_ENOMEM: messages cannot be framed for a smaller frame_max. */
enum amqpext_status amqpext__ledger_begin(struct ledger *ledger, uint32_t frame_max,
                                          uint64_t now_us, struct amqpext_error *error);
/* The epoch is over; `why` tells whether a message may be the reason. */
void amqpext__ledger_lost(struct ledger *ledger, const struct amqpext_error *why,
                          bool is_channel_only, uint64_t now_us);

/* Pieces to send, as link_owner.gather and .sent want them. */
unsigned amqpext__ledger_gather(struct ledger *ledger, struct iovec *pieces, unsigned max);
size_t amqpext__ledger_sent(struct ledger *ledger, size_t n);

/*
 * What the broker says; tag 0 with `is_multiple`: about all that were sent. False for a tag that
 * was never used, which breaks the protocol.
 */
bool amqpext__ledger_has_tag(const struct ledger *ledger, uint64_t tag, bool is_multiple);
bool amqpext__ledger_confirm(struct ledger *ledger, uint64_t tag, bool is_multiple, bool is_nack,
                             uint64_t now_us);
void amqpext__ledger_returned(struct ledger *ledger, const char *id, int code, struct bytes text);

/* What time and the program decide. */
void amqpext__ledger_expire(struct ledger *ledger, uint64_t now_us);
uint64_t amqpext__ledger_due_us(const struct ledger *ledger);
/* False when there is nothing to drop. */
bool amqpext__ledger_drop_oldest(struct ledger *ledger, uint64_t now_us);
void amqpext__ledger_cancel_all(struct ledger *ledger, uint64_t now_us);

/* Serial of the oldest message without outcome; UINT64_MAX for none. */
uint64_t amqpext__ledger_oldest(const struct ledger *ledger);

/* Takes decided entries that somebody waits for, linked by `next`, in order; at most `max`. */
struct entry *amqpext__ledger_take_decided(struct ledger *ledger, size_t max);
/* Gives one of them back once it was told. */
void amqpext__ledger_release(struct ledger *ledger, struct entry *entry);

/* Fills counters and gauges, all but `connection`. */
void amqpext__ledger_figures(const struct ledger *ledger, struct amqpext_producer_stats *out);

/* For the parts of the ledger. */
void amqpext__ledger_decide(struct ledger *ledger, struct entry *entry, enum amqpext_result result,
                            enum amqpext_status status, uint64_t now_us);
void amqpext__ledger_forget_runs(struct ledger *ledger);

#endif
