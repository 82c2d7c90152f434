/*
 * Counting connections: a total, and a hash table of addresses under a lock that is taken when a
 * connection begins and ends, never for a request.
 *
 * Invariant: the table has at least twice as many places as there can be connections, so probing
 * ends soon.
 */
#include "peers.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct place {
    unsigned char address[16]; /* IPv4 in its mapped form */
    unsigned count; /* 0: free */
};

struct peers {
    atomic_uint connections;
    unsigned total;
    unsigned per_address;
    pthread_mutex_t lock;
    size_t mask;
    struct place places[];
};

struct peers *baseapi__peers_new(unsigned total, unsigned per_address)
{
    struct peers *peers;
    size_t places = 1;

    while (per_address != 0 && places < (size_t)total * 2)
        places *= 2;
    peers = calloc(1, sizeof(*peers) + places * sizeof(peers->places[0]));
    if (peers == NULL)
        return NULL;
    peers->total = total;
    peers->per_address = per_address;
    peers->mask = places - 1;
    pthread_mutex_init(&peers->lock, NULL);
    return peers;
}

void baseapi__peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    pthread_mutex_destroy(&peers->lock);
    free(peers);
}

void baseapi__peers_set_total(struct peers *peers, unsigned total)
{
    peers->total = total;
}

static void make_key(const struct sockaddr *address, unsigned char key[16])
{
    memset(key, 0, 16);
    if (address->sa_family == AF_INET) {
        key[10] = 0xff;
        key[11] = 0xff;
        memcpy(key + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(key, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    }
}

/*
 * FNV-1a. Who has a network of IPv6 can choose addresses that meet in one place; they make a search
 * no longer than the connections they hold, which `total` bounds.
 */
static size_t hash(const unsigned char key[16])
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    int i;

    for (i = 0; i < 16; i++)
        value = (value ^ key[i]) * UINT64_C(0x100000001b3);
    return (size_t)(value ^ (value >> 32));
}

/* The place of an address, or the free one where it belongs. */
static size_t find(const struct peers *peers, const unsigned char key[16])
{
    size_t i = hash(key) & peers->mask;

    while (peers->places[i].count != 0 && memcmp(peers->places[i].address, key, 16) != 0)
        i = (i + 1) & peers->mask;
    return i;
}

/* Frees place `gap` and moves up what would not be found behind it any more. */
static void close_gap(struct peers *peers, size_t gap)
{
    size_t i = gap;

    for (;;) {
        size_t home;

        i = (i + 1) & peers->mask;
        if (peers->places[i].count == 0)
            break;
        home = hash(peers->places[i].address) & peers->mask;
        if (((i - home) & peers->mask) >= ((i - gap) & peers->mask)) {
            peers->places[gap] = peers->places[i];
            gap = i;
        }
    }
    peers->places[gap].count = 0;
}

static bool enter_address(struct peers *peers, const struct sockaddr *address)
{
    unsigned char key[16];
    struct place *place;
    bool has_room;

    make_key(address, key);
    pthread_mutex_lock(&peers->lock);
    place = &peers->places[find(peers, key)];
    has_room = place->count < peers->per_address;
    if (has_room) {
        memcpy(place->address, key, sizeof(key));
        place->count++;
    }
    pthread_mutex_unlock(&peers->lock);
    return has_room;
}

bool baseapi__peers_enter(struct peers *peers, const struct sockaddr *address)
{
    if (atomic_fetch_add(&peers->connections, 1) >= peers->total) {
        atomic_fetch_sub(&peers->connections, 1);
        return false;
    }
    if (peers->per_address == 0 || enter_address(peers, address))
        return true;
    atomic_fetch_sub(&peers->connections, 1);
    return false;
}

void baseapi__peers_leave(struct peers *peers, const struct sockaddr *address)
{
    unsigned char key[16];
    size_t place;

    atomic_fetch_sub(&peers->connections, 1);
    if (peers->per_address == 0)
        return;
    make_key(address, key);
    pthread_mutex_lock(&peers->lock);
    place = find(peers, key);
    if (peers->places[place].count > 1)
        peers->places[place].count--;
    else if (peers->places[place].count == 1)
        close_gap(peers, place);
    pthread_mutex_unlock(&peers->lock);
}
