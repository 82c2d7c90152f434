/*
 * Workers: threads that all run the same function, with every signal blocked, since signals are the
 * program's. May be started again for those that are missing; join ends the matter.
 */
#ifndef AMQPEXT_SRC_WORKERS_H
#define AMQPEXT_SRC_WORKERS_H

#include <pthread.h>
#include <stdbool.h>

struct workers {
    pthread_t *threads;
    unsigned started, wanted;
};

/* False when memory ran out. */
bool amqpext__workers_init(struct workers *workers, unsigned wanted);
/* Starts the missing ones; an errno value, 0 when all run. */
int amqpext__workers_start(struct workers *workers, void *(*run)(void *data), void *data);
bool amqpext__workers_is_one(const struct workers *workers, pthread_t thread);
void amqpext__workers_join(struct workers *workers);
void amqpext__workers_free(struct workers *workers);

#endif
