#include "plain.h"

#include <string.h>

/* Atomic so that the compiler keeps each addition; loading and storing are plain instructions. */
static _Thread_local _Atomic uint64_t own_count;
static _Thread_local _Atomic double own_sum;

void plain_own_inc(void)
{
    const uint64_t count = atomic_load_explicit(&own_count, memory_order_relaxed);

    atomic_store_explicit(&own_count, count + 1, memory_order_relaxed);
}

void plain_own_add(double amount)
{
    const double sum = atomic_load_explicit(&own_sum, memory_order_relaxed);

    atomic_store_explicit(&own_sum, sum + amount, memory_order_relaxed);
}

uint64_t plain_own_count(void)
{
    return own_count;
}

void plain_locked_inc(struct plain_locked *counter)
{
    pthread_mutex_lock(&counter->lock);
    counter->count++;
    pthread_mutex_unlock(&counter->lock);
}

static size_t bucket_of(const double *bounds, double value)
{
    size_t i = 0;

    while (i < PLAIN_BUCKETS && value > bounds[i])
        i++;
    return i;
}

void plain_observe(struct plain_histogram *histogram, double value)
{
    double sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);

    atomic_fetch_add_explicit(&histogram->counts[bucket_of(histogram->bounds, value)], 1,
                              memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&histogram->sum, &sum, sum + value,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

void plain_locked_observe(struct plain_locked_histogram *histogram, double value)
{
    pthread_mutex_lock(&histogram->lock);
    histogram->counts[bucket_of(histogram->bounds, value)]++;
    histogram->sum += value;
    pthread_mutex_unlock(&histogram->lock);
}

/* FNV-1a. */
static uint64_t hash_more(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static struct plain_entry *find(struct plain_table *table, const char *first, const char *second)
{
    const uint64_t hash = hash_more(hash_more(UINT64_C(0xcbf29ce484222325), first), second);
    size_t i = (size_t)(hash ^ hash >> 32) % PLAIN_ENTRIES;

    for (;; i = (i + 1) % PLAIN_ENTRIES) {
        struct plain_entry *entry = &table->entries[i];

        if (entry->first[0] == '\0') {
            strncpy(entry->first, first, PLAIN_LABEL_BYTES - 1);
            strncpy(entry->second, second, PLAIN_LABEL_BYTES - 1);
        }
        if (strcmp(entry->first, first) == 0 && strcmp(entry->second, second) == 0)
            return entry;
    }
}

void plain_table_inc(struct plain_table *table, const char *first, const char *second)
{
    pthread_mutex_lock(&table->lock);
    find(table, first, second)->count++;
    pthread_mutex_unlock(&table->lock);
}

uint64_t plain_table_total(struct plain_table *table)
{
    uint64_t total = 0;
    size_t i;

    for (i = 0; i < PLAIN_ENTRIES; i++)
        total += table->entries[i].count;
    return total;
}
