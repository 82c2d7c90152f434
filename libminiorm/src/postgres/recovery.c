/*
 * Recovery: connecting, and what happens while that fails.
 *
 * A connection that breaks is replaced at once. When an attempt fails, the next one waits, twice as
 * long each time, with jitter so that many clients do not come all together. When an attempt failed
 * and no connection is left, the server is away: what waits and what is submitted fails at once,
 * while attempts go on, until one succeeds.
 */
#include "client.h"

#include "../error.h"

/* The first pause; it doubles up to reconnect_max_delay_ms. */
#define FIRST_DELAY_MS 50
/* The timer begins far off; a look without need changes nothing. */
#define FIRST_LOOK_MS 3600000

static const struct miniorm_database_options *options_of(const struct miniorm__pg_client *pool)
{
    return &pool->client->database->options;
}

/* xorshift64*: spreads attempts; nothing depends on its quality. */
static uint64_t next_random(struct miniorm__pg_client *pool)
{
    pool->random ^= pool->random >> 12;
    pool->random ^= pool->random << 25;
    pool->random ^= pool->random >> 27;
    return pool->random * UINT64_C(0x2545F4914F6CDD1D);
}

static void back_off(struct miniorm__pg_client *pool)
{
    const unsigned most = options_of(pool)->reconnect_max_delay_ms;
    const unsigned doubled = pool->delay_ms == 0 ? FIRST_DELAY_MS : pool->delay_ms * 2;

    pool->delay_ms = doubled > most ? most : doubled;
    /* Between half and all of it. */
    pool->attempt_at_ms =
        miniorm__clock_ms() + pool->delay_ms / 2 + next_random(pool) % (pool->delay_ms / 2 + 1);
    miniorm__pg_look_at(pool, pool->attempt_at_ms);
}

bool miniorm__pg_may_connect(const struct miniorm__pg_client *pool)
{
    return !pool->is_closing && pool->now_ms >= pool->attempt_at_ms;
}

/* Lanes that have a connection, ready or (with `connecting`) on its way. */
static unsigned count_lanes(const struct miniorm__pg_client *pool, bool connecting)
{
    unsigned count = 0, i;

    for (i = 0; i < pool->n_lanes; i++) {
        const struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (miniorm__pg_lane_is_ready(lane) || (connecting && lane->connection != NULL))
            count++;
    }
    return count;
}

static void fail_list(struct miniorm__link *list, enum miniorm_status status,
                      const struct miniorm_error *error)
{
    struct miniorm__link *link;

    while ((link = miniorm__list_pop(list)) != NULL)
        miniorm__request_complete(MINIORM__OWNER(link, struct miniorm_request, link), status, NULL,
                                  error);
}

void miniorm__pg_fail_waiting(struct miniorm__pg_client *pool, enum miniorm_status status,
                              const struct miniorm_error *error)
{
    struct miniorm__link *link = pool->transactions.next;

    fail_list(&pool->again, status, error);
    fail_list(&pool->reads, status, error);
    fail_list(&pool->writes, status, error);
    while (link != &pool->transactions) {
        struct miniorm__link *next = link->next;
        struct miniorm__pg_transaction *own =
            MINIORM__OWNER(link, struct miniorm__pg_transaction, link);

        /* One that was lost reports that, by its steps, in the ordinary way. */
        if (own->lane == NULL && !own->is_lost)
            miniorm__pg_transaction_fail(own, status, error);
        link = next;
    }
}

static void go_away(struct miniorm__pg_client *pool)
{
    pool->is_away = true;
    miniorm__client_flush_later(pool->client);
}

void miniorm__pg_connected(struct miniorm__pg_lane *lane)
{
    struct miniorm__pg_client *pool = lane->pool;

    pool->client->stats.connections++;
    pool->client->stats.reconnects += lane->was_ready;
    lane->was_ready = true;
    if (pool->is_away)
        miniorm__log(pool->client->database, MINIORM_LOG_INFO, "connected to PostgreSQL again");
    if (lane->started_losses != pool->losses)
        miniorm__pg_lane_doubt(lane);
    pool->is_away = false;
    pool->delay_ms = 0;
    pool->attempt_at_ms = 0;
    miniorm__client_flush_later(pool->client);
}

void miniorm__pg_connect_failed(struct miniorm__pg_lane *lane, const struct miniorm_error *reason)
{
    struct miniorm__pg_client *pool = lane->pool;

    if (lane->started_losses != pool->losses && count_lanes(pool, true) == 0) {
        /* What ended the other connections ended this attempt; it says nothing about the next. */
        miniorm__pg_lane_open(lane);
        return;
    }
    if (pool->delay_ms == 0)
        miniorm__log(pool->client->database, MINIORM_LOG_ERROR, "%s", reason->message);
    pool->reason = *reason;
    back_off(pool);
    if (count_lanes(pool, true) == 0)
        go_away(pool);
    else
        miniorm__client_flush_later(pool->client);
}

/* What ends one connection often ends all. A Sync shows which are alive: until it is answered
 * nothing is sent there that would be lost. */
static void doubt_others(struct miniorm__pg_client *pool)
{
    unsigned i;

    for (i = 0; i < pool->n_lanes; i++) {
        struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (miniorm__pg_lane_is_ready(lane) && lane->transaction == NULL)
            miniorm__pg_lane_doubt(lane);
    }
}

void miniorm__pg_disconnected(struct miniorm__pg_lane *lane, const struct miniorm_error *reason)
{
    struct miniorm__pg_client *pool = lane->pool;

    pool->client->stats.connections--;
    pool->losses++;
    doubt_others(pool);
    miniorm__log(pool->client->database, MINIORM_LOG_WARNING, "%s", reason->message);
    if (count_lanes(pool, true) == 0)
        miniorm__pg_lane_open(lane);
    miniorm__client_flush_later(pool->client);
}

/* An attempt that takes too long ends; the next one starts with the next host. */
static uint64_t look_at_attempt(struct miniorm__pg_lane *lane, uint64_t now)
{
    struct miniorm__pg_client *pool = lane->pool;
    const unsigned timeout_ms = options_of(pool)->connect_timeout_ms;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (now < lane->started_ms + timeout_ms)
        return lane->started_ms + timeout_ms;
    miniorm__fail(&error, MINIORM_EUNAVAILABLE,
                  "cannot connect to PostgreSQL: no answer within %u ms", timeout_ms);
    miniorm__pg_lane_close(lane);
    pool->host++;
    miniorm__pg_connect_failed(lane, &error);
    return 0;
}

static void look_sooner(uint64_t *at_ms, uint64_t other)
{
    if (other != 0 && (*at_ms == 0 || other < *at_ms))
        *at_ms = other;
}

static uint64_t look_at_lanes(struct miniorm__pg_client *pool, uint64_t now)
{
    uint64_t at_ms = 0;
    unsigned i;

    for (i = 0; i < pool->n_lanes; i++) {
        struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (lane->connection == NULL)
            continue;
        if (lane->connection->state == MINIORM__PG_CONNECTING)
            look_sooner(&at_ms, look_at_attempt(lane, now));
        else
            look_sooner(&at_ms, miniorm__pg_interrupt_look(lane));
    }
    return at_ms;
}

static void look(void *data)
{
    struct miniorm__pg_client *pool = data;
    const uint64_t now = miniorm__clock_ms();
    uint64_t at_ms;

    pool->timer_at_ms = 0;
    pool->now_ms = now;
    at_ms = look_at_lanes(pool, now);
    if (count_lanes(pool, true) == 0 && pool->attempt_at_ms != 0 && now >= pool->attempt_at_ms)
        miniorm__pg_lane_open(&pool->lanes[0]);
    look_sooner(&at_ms, pool->attempt_at_ms > now ? pool->attempt_at_ms : 0);
    if (at_ms != 0)
        miniorm__pg_look_at(pool, at_ms);
    miniorm__client_flush_later(pool->client);
    miniorm__client_dispatch(pool->client);
}

void miniorm__pg_look_at(struct miniorm__pg_client *pool, uint64_t at_ms)
{
    const struct miniorm_loop *loop = &pool->client->loop;
    const uint64_t now = miniorm__clock_ms();
    const uint64_t delay_ms = at_ms > now ? at_ms - now : 0;

    if (pool->is_closing || (pool->timer_at_ms != 0 && pool->timer_at_ms <= at_ms))
        return;
    if (loop->set_timer(loop->context, pool->timer, delay_ms) == 0)
        pool->timer_at_ms = at_ms;
}

int miniorm__pg_look_begin(struct miniorm__pg_client *pool)
{
    const struct miniorm_loop *loop = &pool->client->loop;

    return loop->add_timer(loop->context, FIRST_LOOK_MS, look, pool, &pool->timer);
}
