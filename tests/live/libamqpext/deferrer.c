#include "deferrer.h"

#include <stdlib.h>
#include <unistd.h>

static void settle(struct deferrer *deferrer, size_t place)
{
    struct amqpext_delivery *delivery = deferrer->items[place].delivery;
    const size_t number = deferrer->items[place].number;
    const bool succeeds = chance_percent(&deferrer->chance, 70);
    enum amqpext_status status;

    deferrer->items[place].delivery = NULL;
    if (succeeds)
        book_succeeded(deferrer->book, number);
    else
        book_failed(deferrer->book, number);
    status = amqpext_delivery_settle(delivery, succeeds ? AMQPEXT_ACK : AMQPEXT_RETRY, NULL);
    deferrer->settled++;
    deferrer->stale += status == AMQPEXT_ESTALE;
    if (status != AMQPEXT_OK && status != AMQPEXT_ESTALE)
        atomic_fetch_add(&deferrer->book->spoiled, 1);
}

static void *run(void *data)
{
    struct deferrer *deferrer = data;
    bool is_over = false;
    size_t i;

    while (!is_over) {
        usleep(5000);
        pthread_mutex_lock(&deferrer->lock);
        is_over = deferrer->is_over;
        for (i = 0; i < DEFERRED_MAX; i++) {
            if (deferrer->items[i].delivery != NULL &&
                (is_over || chance_percent(&deferrer->chance, 10)))
                settle(deferrer, i);
        }
        pthread_mutex_unlock(&deferrer->lock);
    }
    return NULL;
}

void deferrer_start(struct deferrer *deferrer, struct book *book, uint64_t seed)
{
    *deferrer = (struct deferrer){.book = book, .chance = {seed}};
    pthread_mutex_init(&deferrer->lock, NULL);
    if (pthread_create(&deferrer->thread, NULL, run, deferrer) != 0)
        abort();
}

bool deferrer_take(struct deferrer *deferrer, struct amqpext_delivery *delivery, size_t number)
{
    size_t i;

    pthread_mutex_lock(&deferrer->lock);
    for (i = 0; i < DEFERRED_MAX && deferrer->items[i].delivery != NULL; i++)
        ;
    if (i < DEFERRED_MAX) {
        deferrer->items[i].delivery = delivery;
        deferrer->items[i].number = number;
    }
    pthread_mutex_unlock(&deferrer->lock);
    return i < DEFERRED_MAX;
}

void deferrer_stop(struct deferrer *deferrer)
{
    pthread_mutex_lock(&deferrer->lock);
    deferrer->is_over = true;
    pthread_mutex_unlock(&deferrer->lock);
    pthread_join(deferrer->thread, NULL);
    pthread_mutex_destroy(&deferrer->lock);
}
