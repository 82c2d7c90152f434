/*
 * Load on the parcels: one thread with one kept-alive connection for each sender, asking for single
 * parcels, lists and includes and sending new ones, and checking each answer.
 *
 * An answer is right, or it is 503 with Retry-After, or it is 504 where answers may be late.
 * Every request has one answer; none is sent twice.
 */
#ifndef SUPPORT_PARCEL_LOAD_H
#define SUPPORT_PARCEL_LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "parcels.h"

/* Most parcels that a sender may send in one program. */
enum { NUMBERS_MAX = 200000 };

enum parcel_fate { FATE_NONE, FATE_SENT, FATE_ACKNOWLEDGED };

struct parcel_load;

struct parcel_sender {
    struct parcel_load *load;
    int id;
    int number; /* of the parcel sent last */
    unsigned random;
    pthread_t thread;
    unsigned char fate[NUMBERS_MAX]; /* by number, of enum parcel_fate */
};

struct parcel_load {
    unsigned port;
    atomic_bool stopping;
    atomic_bool may_be_late; /* the database will be frozen */
    atomic_ulong n_right;
    atomic_ulong n_acknowledged;
    atomic_ulong n_unavailable; /* 503 */
    atomic_ulong n_late; /* 504 */
    _Atomic(char *) fault; /* the first thing that was wrong, to be freed */
    struct parcel_sender senders[SENDERS];
};

/* Makes a load of nothing yet, on no port; NULL when memory ran out. */
struct parcel_load *parcel_load_new(void);

bool parcel_load_start(struct parcel_load *load);
void parcel_load_stop(struct parcel_load *load);

#endif
