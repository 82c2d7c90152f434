/*
 * Message ids: UUIDs of version 7 whose time reaches to the nanosecond: 48 bits of milliseconds, 20
 * of nanoseconds within, 54 random ones.
 *
 * Order: init before next; amqpext_message_id needs neither, since the library keeps no state of
 * its own: it asks the system for random bits each time.
 * Invariant: of two ids of one source the later has the later time.
 */
#include "message_id.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define VERSION UINT64_C(7)
#define VARIANT UINT64_C(2)
#define RANDOM_BITS 54

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Spreads what differs in few bits over all of them. */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static uint64_t random_bits(void)
{
    uint64_t bits;

    /* Where the system gives none: processes differ in time since boot and place in memory. */
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
        bits = mix(clock_ns(CLOCK_MONOTONIC) ^ mix((uint64_t)(uintptr_t)&bits));
    return bits;
}

static char *write_hex(char *out, uint64_t bits, unsigned n_digits)
{
    while (n_digits-- > 0)
        *out++ = "0123456789abcdef"[bits >> 4 * n_digits & 15];
    return out;
}

static void write_id(char *out, uint64_t time_ns, uint64_t random)
{
    const uint64_t ms = time_ns / NS_PER_MS;
    const uint64_t ns = time_ns % NS_PER_MS;
    const uint64_t high = ms << 16 | VERSION << 12 | ns >> 8;
    const uint64_t low =
        VARIANT << 62 | (ns & 0xff) << RANDOM_BITS | (random & ((UINT64_C(1) << RANDOM_BITS) - 1));

    out = write_hex(out, high >> 32, 8);
    *out++ = '-';
    out = write_hex(out, high >> 16, 4);
    *out++ = '-';
    out = write_hex(out, high, 4);
    *out++ = '-';
    out = write_hex(out, low >> 48, 4);
    *out++ = '-';
    out = write_hex(out, low, 12);
    *out = '\0';
}

void amqpext__message_ids_init(struct message_ids *ids)
{
    atomic_init(&ids->last_ns, 0);
    ids->salt = random_bits();
}

void amqpext__message_ids_next(struct message_ids *ids, char out[AMQPEXT_MESSAGE_ID_SIZE])
{
    const uint64_t now = clock_ns(CLOCK_REALTIME);
    uint64_t last = atomic_load_explicit(&ids->last_ns, memory_order_relaxed);
    uint64_t time_ns;

    do {
        time_ns = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak_explicit(&ids->last_ns, &last, time_ns,
                                                    memory_order_relaxed, memory_order_relaxed));
    write_id(out, time_ns, ids->salt);
}

void amqpext_message_id(char out[AMQPEXT_MESSAGE_ID_SIZE])
{
    write_id(out, clock_ns(CLOCK_REALTIME), random_bits());
}
