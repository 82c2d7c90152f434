#include "storm.h"

#include <stdlib.h>
#include <unistd.h>

#include "broker.h"

enum { QUIET_TRIES = 200, QUIET_PAUSE_US = 50000 };

/* How often, of 1000 faults that are no kill. */
static const struct {
    const char *name;
    unsigned weight;
} kinds[STORM_FAULTS] = {
    [STORM_CUT] = {"cut", 350},
    [STORM_RESET] = {"reset", 120},
    [STORM_STALL] = {"stall", 60},
    [STORM_STALL_ONE_WAY] = {"one-way stall", 80},
    [STORM_SLOW] = {"slow", 60},
    [STORM_REFUSE] = {"refuse", 80},
    [STORM_CLOSED_BY_BROKER] = {"closed by the broker", 100},
    [STORM_FREEZE] = {"freeze", 30},
    [STORM_ALARM] = {"memory alarm", 50},
    [STORM_CRASH_QUEUE] = {"crash of the queue", 20},
    [STORM_DELETE_QUEUE] = {"deletion of the queue", 15},
    [STORM_PAUSE] = {"pause of the consumer", 35},
    [STORM_KILL] = {"kill of the broker", 0},
};

const char *storm_name(enum storm_fault fault)
{
    return kinds[fault].name;
}

static void rest(struct chance *chance, unsigned low_ms, unsigned high_ms)
{
    usleep(1000 * chance_between(chance, low_ms, high_ms));
}

static enum fault_direction direction(struct storm *storm)
{
    return chance_percent(&storm->chance, 50) ? FAULT_TO_BROKER : FAULT_TO_CLIENT;
}

static void cut(struct storm *storm, struct fault_proxy *proxy)
{
    const enum fault_end ends[] = {FAULT_CLOSE, FAULT_RESET, FAULT_HALF};
    /* Sometimes within the handshake of the next connection. */
    const unsigned limit = chance_percent(&storm->chance, 50) ? 2000 : 200000;

    fault_proxy_cut_after(proxy, direction(storm), chance_between(&storm->chance, 1, limit),
                          ends[chance_below(&storm->chance, 3)]);
    if (chance_percent(&storm->chance, 30))
        fault_proxy_cut(proxy, FAULT_RESET);
}

static void stall(struct storm *storm, struct fault_proxy *proxy, bool both)
{
    const enum fault_direction first = direction(storm);

    fault_proxy_stall(proxy, first, true);
    if (both)
        fault_proxy_stall(proxy, !first, true);
    if (chance_percent(&storm->chance, 20))
        rest(&storm->chance, 2000, 5000);
    else
        rest(&storm->chance, 50, 800);
    fault_proxy_stall(proxy, FAULT_TO_BROKER, false);
    fault_proxy_stall(proxy, FAULT_TO_CLIENT, false);
}

static void slow(struct storm *storm, struct fault_proxy *proxy)
{
    const unsigned rates[] = {1, 100, 10000};

    fault_proxy_slow(proxy, direction(storm), rates[chance_below(&storm->chance, 3)]);
    rest(&storm->chance, 100, 1000);
    fault_proxy_slow(proxy, FAULT_TO_BROKER, 0);
    fault_proxy_slow(proxy, FAULT_TO_CLIENT, 0);
}

/* Not before much was said that the other side has not heard. */
static void reset(struct storm *storm, struct fault_proxy *proxy)
{
    const enum fault_direction deaf = direction(storm);

    fault_proxy_stall(proxy, deaf, true);
    rest(&storm->chance, 0, 500);
    fault_proxy_cut(proxy, FAULT_RESET);
    fault_proxy_stall(proxy, deaf, false);
}

static void refuse(struct storm *storm, struct fault_proxy *proxy)
{
    fault_proxy_refuse_for(proxy, chance_between(&storm->chance, 10, 1000));
    fault_proxy_cut(proxy, FAULT_RESET);
}

static bool freeze(struct storm *storm)
{
    const bool frozen = broker_service("sigstop");

    rest(&storm->chance, 50, 2500);
    return broker_service("sigcont") && frozen;
}

static bool alarm_for_a_while(struct storm *storm)
{
    const bool is_on = broker_set_memory_alarm(true);

    rest(&storm->chance, 50, 2500);
    return broker_set_memory_alarm(false) && is_on;
}

/*
 * Messages that go with their queue are excused, so that nothing else may be under way: publishers
 * wait until all before has come to its end, and begin anew a moment before.
 */
static bool delete_queue(struct storm *storm)
{
    unsigned tries;
    bool is_quiet = false, is_deleted = true;

    atomic_store(&storm->holds, true);
    for (tries = 0; tries < QUIET_TRIES && !is_quiet && !atomic_load(&storm->is_over); tries++) {
        usleep(QUIET_PAUSE_US);
        is_quiet = book_busy_count(storm->book) == 0;
    }
    atomic_store(&storm->holds, false);
    rest(&storm->chance, 0, 100);
    if (is_quiet) {
        is_deleted = broker_delete_queue(storm->queue);
        book_excuse(storm->book);
    }
    return is_deleted;
}

static bool pause_consumer(struct storm *storm)
{
    amqpext_consumer_pause(storm->consumer);
    rest(&storm->chance, 1, 500);
    amqpext_consumer_resume(storm->consumer);
    return true;
}

/* A queue that was deleted a moment ago cannot crash. */
static bool crash_queue(struct storm *storm)
{
    (void)broker_crash_queue(storm->queue);
    book_crashed(storm->book);
    return true;
}

static bool kill_broker(struct storm *storm)
{
    const bool is_killed = broker_service("kill");

    book_crashed(storm->book);
    rest(&storm->chance, 0, 500);
    return broker_service("start") && is_killed;
}

/* Whether it could be done. */
static bool happen(struct storm *storm, enum storm_fault fault)
{
    struct fault_proxy *proxy = storm->proxies[chance_below(&storm->chance, 2)];

    switch (fault) {
    case STORM_CUT: cut(storm, proxy); return true;
    case STORM_RESET: reset(storm, proxy); return true;
    case STORM_STALL: stall(storm, proxy, true); return true;
    case STORM_STALL_ONE_WAY: stall(storm, proxy, false); return true;
    case STORM_SLOW: slow(storm, proxy); return true;
    case STORM_REFUSE: refuse(storm, proxy); return true;
    case STORM_CLOSED_BY_BROKER: return broker_close_connections();
    case STORM_FREEZE: return freeze(storm);
    case STORM_ALARM: return alarm_for_a_while(storm);
    case STORM_CRASH_QUEUE: return crash_queue(storm);
    case STORM_DELETE_QUEUE: return delete_queue(storm);
    case STORM_PAUSE: return pause_consumer(storm);
    case STORM_KILL: return kill_broker(storm);
    case STORM_FAULTS: break;
    }
    return false;
}

static bool is_wanted(const struct storm *storm, int fault)
{
    return (storm->wanted >> fault & 1) != 0;
}

/* Each once to begin with, in an order of chance. */
static void plan(struct storm *storm, enum storm_fault *first)
{
    int i;

    for (i = 0; i < STORM_FAULTS; i++) {
        const unsigned at = chance_below(&storm->chance, (unsigned)i + 1);

        first[i] = first[at];
        first[at] = (enum storm_fault)i;
    }
}

static enum storm_fault choose(struct storm *storm, size_t n)
{
    unsigned chosen = chance_below(&storm->chance, 1000);
    int fault;

    if (storm->kill_every != 0 && n % storm->kill_every == storm->kill_every / 2)
        return STORM_KILL;
    for (fault = 0; fault < STORM_FAULTS - 1 && chosen >= kinds[fault].weight; fault++)
        chosen -= kinds[fault].weight;
    return (enum storm_fault)fault;
}

static void *run(void *data)
{
    struct storm *storm = data;
    enum storm_fault first[STORM_FAULTS] = {0}, fault;
    size_t n;

    plan(storm, first);
    for (n = 0; !atomic_load(&storm->is_over); n++) {
        fault = n < STORM_FAULTS ? first[n] : choose(storm, n);
        if (is_wanted(storm, (int)fault) && !happen(storm, fault))
            atomic_store(&storm->has_failed, true);
        atomic_fetch_add(&storm->counts[fault], 1);
        atomic_fetch_add(&storm->total, 1);
        rest(&storm->chance, 0, 150);
    }
    return NULL;
}

void storm_begin(struct storm *storm)
{
    if (pthread_create(&storm->thread, NULL, run, storm) != 0)
        abort();
}

void storm_end(struct storm *storm)
{
    atomic_store(&storm->is_over, true);
    pthread_join(storm->thread, NULL);
    fault_proxy_heal(storm->proxies[0]);
    fault_proxy_heal(storm->proxies[1]);
}
