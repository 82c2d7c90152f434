/*
 * Placement: which lane a plain request, or a transaction, goes to.
 *
 * Reads stay together on the first lane that is calm: neither a write on it, nor a statement that
 * takes long, nor many reads already. Together they share one Sync, and the Syncs are what costs.
 * Writes go to an idle lane, else to the one with the least under way, but not to the first: they
 * may wait for locks, for as long as others hold them, and reads must not wait behind them. A new
 * connection is opened when nothing suits; what waits for it waits no longer than it takes to open,
 * and then takes what there is. Transactions have a lane to themselves, but never all lanes; while
 * they have all others, the first takes writes too.
 */
#include "client.h"

/* Reads under way on a lane before the next lane is used too. */
#define READS_MAX 64
/* Without an answer for so long, the first statement under way takes long. */
#define CALM_MS 5
/* A connection that takes longer than this to open is not waited for when another is there. */
#define PATIENCE_MS 1000

bool miniorm__pg_lane_has_credit(const struct miniorm__pg_lane *lane)
{
    return lane->in_flight < lane->pool->client->database->options.max_pipeline;
}

static bool is_usable(const struct miniorm__pg_lane *lane)
{
    return miniorm__pg_lane_is_ready(lane) && lane->transaction == NULL && lane->cancel == NULL &&
           lane->doubts == 0 && miniorm__pg_lane_has_credit(lane);
}

static bool is_calm(const struct miniorm__pg_lane *lane)
{
    return lane->writes == 0 && lane->in_flight < READS_MAX &&
           (lane->in_flight == 0 || lane->pool->now_ms < lane->progress_ms + CALM_MS);
}

static struct miniorm__pg_lane *find_calm(struct miniorm__pg_client *pool)
{
    unsigned i;

    for (i = 0; i < pool->n_lanes; i++) {
        if (is_usable(&pool->lanes[i]) && is_calm(&pool->lanes[i]))
            return &pool->lanes[i];
    }
    return NULL;
}

/* From the last down to `first`. */
static struct miniorm__pg_lane *find_idle(struct miniorm__pg_client *pool, unsigned first)
{
    unsigned i;

    for (i = pool->n_lanes; i-- > first;) {
        if (is_usable(&pool->lanes[i]) && pool->lanes[i].in_flight == 0)
            return &pool->lanes[i];
    }
    return NULL;
}

/* From `first` on, so that the lane of the reads can be left out. */
static struct miniorm__pg_lane *find_least(struct miniorm__pg_client *pool, unsigned first)
{
    struct miniorm__pg_lane *best = NULL;
    unsigned i;

    for (i = first; i < pool->n_lanes; i++) {
        struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (is_usable(lane) && (best == NULL || lane->in_flight < best->in_flight))
            best = lane;
    }
    return best;
}

/* Whether a connection that suits is on its way, opening one of `first` and later if there may be
 * more. */
static bool expect_another(struct miniorm__pg_client *pool, unsigned first)
{
    struct miniorm__pg_lane *empty = NULL;
    unsigned i;

    for (i = first; i < pool->n_lanes; i++) {
        struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (lane->connection == NULL) {
            if (empty == NULL)
                empty = lane;
        } else if (lane->connection->state == MINIORM__PG_CONNECTING) {
            return pool->now_ms < lane->started_ms + PATIENCE_MS;
        }
    }
    return empty != NULL && miniorm__pg_may_connect(pool) && miniorm__pg_lane_open(empty);
}

static struct miniorm__pg_lane *pick_for_read(struct miniorm__pg_client *pool)
{
    struct miniorm__pg_lane *lane = find_calm(pool);

    if (lane != NULL || expect_another(pool, 0))
        return lane;
    return find_least(pool, 0);
}

/* Whether writes can be sent on the lane, if not now then soon. */
static bool will_take_writes(const struct miniorm__pg_lane *lane)
{
    if (lane->connection == NULL)
        return miniorm__pg_may_connect(lane->pool);
    if (!miniorm__pg_lane_is_ready(lane))
        return lane->pool->now_ms < lane->started_ms + PATIENCE_MS;
    return lane->transaction == NULL;
}

/* The first lane that writes may use. */
static unsigned first_for_writes(const struct miniorm__pg_client *pool)
{
    unsigned i;

    for (i = 1; i < pool->n_lanes; i++) {
        if (will_take_writes(&pool->lanes[i]))
            return 1;
    }
    return 0;
}

static struct miniorm__pg_lane *pick_for_write(struct miniorm__pg_client *pool)
{
    const unsigned first = first_for_writes(pool);
    struct miniorm__pg_lane *lane = find_idle(pool, first);

    if (lane != NULL || expect_another(pool, first))
        return lane;
    return find_least(pool, first);
}

static void place_all(struct miniorm__link *waiting, struct miniorm__pg_client *pool,
                      struct miniorm__pg_lane *(*pick)(struct miniorm__pg_client *))
{
    struct miniorm__pg_lane *lane;

    while (!miniorm__list_is_empty(waiting) && (lane = pick(pool)) != NULL) {
        struct miniorm__link *link = miniorm__list_pop(waiting);

        miniorm__pg_lane_send(lane, MINIORM__OWNER(link, struct miniorm_request, link));
    }
}

/* What is to be sent again goes to the front, in its order. */
static void put_first(struct miniorm__pg_client *pool)
{
    while (!miniorm__list_is_empty(&pool->again)) {
        struct miniorm__link *link = pool->again.previous;
        const struct miniorm_request *request = MINIORM__OWNER(link, struct miniorm_request, link);
        const bool is_read = request->operation.traffic == MINIORM__READ;

        miniorm__list_remove(link);
        miniorm__list_prepend(is_read ? &pool->reads : &pool->writes, link);
    }
}

void miniorm__pg_place(struct miniorm__pg_client *pool)
{
    put_first(pool);
    place_all(&pool->reads, pool, pick_for_read);
    place_all(&pool->writes, pool, pick_for_write);
}

static bool may_reserve(const struct miniorm__pg_client *pool)
{
    const unsigned most = pool->n_lanes > 1 ? pool->n_lanes - 1 : 1;
    unsigned reserved = 0, i;

    for (i = 0; i < pool->n_lanes; i++)
        reserved += pool->lanes[i].transaction != NULL;
    return reserved < most;
}

struct miniorm__pg_lane *miniorm__pg_reserve(struct miniorm__pg_client *pool)
{
    struct miniorm__pg_lane *lane;

    if (!may_reserve(pool))
        return NULL;
    lane = find_idle(pool, 0);
    if (lane != NULL || expect_another(pool, 0))
        return lane;
    return find_least(pool, pool->n_lanes > 1);
}
