/*
 * Settles deferred deliveries a random while later, on a thread of its own.
 */
#ifndef LIVE_DEFERRER_H
#define LIVE_DEFERRER_H

#include <amqpext/delivery.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "book.h"
#include "chance.h"

enum { DEFERRED_MAX = 64 };

struct deferrer {
    struct book *book;
    pthread_mutex_t lock;
    pthread_t thread;
    bool is_over;
    struct chance chance;
    struct {
        struct amqpext_delivery *delivery; /* NULL: free */
        size_t number;
    } items[DEFERRED_MAX];
    size_t settled, stale;
};

void deferrer_start(struct deferrer *deferrer, struct book *book, uint64_t seed);
/* Takes a delivery over, which is then to be deferred; false when there is no room. */
bool deferrer_take(struct deferrer *deferrer, struct amqpext_delivery *delivery, size_t number);
/* Settles what is left; after the consumer has stopped. */
void deferrer_stop(struct deferrer *deferrer);

#endif
