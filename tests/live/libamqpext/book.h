/*
 * The book of the ledger test: what happened to each message, by its number, and the rules that must
 * hold in the end:
 *
 *  1. a published message has exactly one outcome;
 *  2. a confirmed message was handled to its end (a poisoned one: lies in the queue of dead letters);
 *  3. so was every message that a handler was given, confirmed or not: had one been acknowledged
 *     whose handler failed, it would never have come again;
 *  4. what was received is what was published.
 *
 * A crash of the queue or the broker may take messages that were delivered and not confirmed yet: of
 * those that were published before it, and not handled by then, rule 3 asks nothing.
 *
 * Messages in a queue are gone when it is deleted: of those that were published before a deletion
 * was over, and not handled by then, rules 2 and 3 ask nothing. Those published afterwards are
 * mandatory and RETURNED while there is no queue, so that nothing else is excused.
 *
 * Thread:  any thread, unless a function says otherwise.
 */
#ifndef LIVE_BOOK_H
#define LIVE_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/publish.h>

/* One message in so many is poisoned: its handler rejects it. */
enum { BOOK_POISON = 997 };
/* Longest body. */
enum { BOOK_BODY_MAX = 200000 };

struct book_entry {
    _Atomic uint8_t outcomes, result;
    _Atomic uint16_t deliveries, failures, successes, burials;
    _Atomic bool is_excused;
    _Atomic bool may_be_gone; /* unless it is confirmed */
};

struct book {
    uint64_t seed;
    size_t capacity;
    atomic_size_t published; /* numbers given out */
    atomic_size_t accepted;
    atomic_size_t spoiled; /* received with another body, or an outcome that contradicts itself */
    atomic_size_t duplicates; /* deliveries of what was handled to its end already */
    struct book_entry *entries;
};

/* Ends the program when there is no memory. */
void book_open(struct book *book, uint64_t seed, size_t capacity);
void book_close(struct book *book);

/* The next number, or false when there are no more. */
bool book_take(struct book *book, size_t *number);
/* A number whose publish was not accepted: no rule holds for it. */
void book_drop(struct book *book, size_t number);
/* Writes the body of a message into room for BOOK_BODY_MAX bytes; returns its size. */
size_t book_body(const struct book *book, size_t number, char *body);
bool book_is_poisoned(size_t number);

/* What happened. */
void book_outcome(struct book *book, size_t number, const struct amqpext_outcome *outcome);
/* The number of a received body, whose bytes are compared with those published. */
bool book_number(struct book *book, const void *body, size_t size, size_t *number);
/* Returns how often it was delivered before. */
unsigned book_delivered(struct book *book, size_t number);
void book_failed(struct book *book, size_t number);
void book_succeeded(struct book *book, size_t number);
void book_buried(struct book *book, size_t number);
/* The queue or the broker has crashed. */
void book_crashed(struct book *book);
/* A deletion of the queue is over. */
void book_excuse(struct book *book);

/* Entries of which rules 2 and 3 still want something; these and those without outcome. */
size_t book_open_count(struct book *book);
size_t book_busy_count(struct book *book);

struct book_totals {
    size_t published, accepted, results[AMQPEXT_CANCELLED + 1];
    size_t deliveries, failures, duplicates, buried, excused;
    /* Broken rules. */
    size_t without_outcome, with_two_outcomes, lost, spoiled;
};

/* After the producer was closed. Writes what broke a rule to standard output, the first few. */
void book_judge(struct book *book, struct book_totals *totals);

#endif
