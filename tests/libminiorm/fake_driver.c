/*
 * The fake database.
 */
#include "fake_driver.h"

#include <stdio.h>
#include <time.h>

#include "error.h"
#include "result.h"

static struct fake *fake_of(struct miniorm_database *database)
{
    return (struct fake *)(void *)database;
}

static void note(struct fake *fake, char step, unsigned level)
{
    size_t size;

    pthread_mutex_lock(&fake->lock);
    size = strlen(fake->journal);
    if (level == 0)
        snprintf(fake->journal + size, sizeof(fake->journal) - size, "%c", step);
    else
        snprintf(fake->journal + size, sizeof(fake->journal) - size, "%c%u", step, level);
    pthread_mutex_unlock(&fake->lock);
}

static void sleep_ms(unsigned milliseconds)
{
    const struct timespec pause = {.tv_sec = milliseconds / 1000,
                                   .tv_nsec = milliseconds % 1000 * 1000000L};

    nanosleep(&pause, NULL);
}

static enum miniorm_status connect_to(struct miniorm_database *database, uint64_t deadline_ms,
                                      struct miniorm__connection **out, struct miniorm_error *error)
{
    struct fake *fake = fake_of(database);
    struct fake_connection *connection;

    (void)deadline_ms;
    note(fake, '+', 0);
    if (fake->connect_delay_ms != 0)
        sleep_ms(fake->connect_delay_ms);
    if (fake->connect_status != MINIORM_OK)
        return miniorm__fail(error, fake->connect_status, "the fake is away");
    connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return miniorm__fail_memory(error);
    connection->base.database = database;
    pthread_mutex_lock(&fake->lock);
    fake->connections++;
    pthread_mutex_unlock(&fake->lock);
    *out = &connection->base;
    return MINIORM_OK;
}

static void disconnect_from(struct miniorm__connection *connection)
{
    struct fake *fake = fake_of(connection->database);

    note(fake, '-', 0);
    pthread_mutex_lock(&fake->lock);
    fake->connections--;
    pthread_mutex_unlock(&fake->lock);
    free(connection);
}

static bool is_usable(struct miniorm__connection *connection)
{
    return !((struct fake_connection *)(void *)connection)->is_broken;
}

static bool must_fail(struct fake *fake)
{
    bool fails;

    pthread_mutex_lock(&fake->lock);
    fails = fake->failures != 0;
    if (fails)
        fake->failures--;
    pthread_mutex_unlock(&fake->lock);
    return fails;
}

static enum miniorm_status execute(struct miniorm__connection *connection,
                                   const struct miniorm__operation *operation, uint64_t deadline_ms,
                                   struct miniorm_result **out, struct miniorm_error *error)
{
    struct fake *fake = fake_of(connection->database);
    struct miniorm_result *result;

    note(fake, 'x', 0);
    fake->deadline_ms = deadline_ms;
    fake->sql = operation->statements[0].sql;
    if (must_fail(fake)) {
        ((struct fake_connection *)(void *)connection)->is_broken = fake->failures_break;
        return miniorm__fail(error, fake->execute_status, "the fake fails");
    }
    result = miniorm__result_empty(operation->model);
    if (result == NULL)
        return miniorm__fail_memory(error);
    *out = result;
    return MINIORM_OK;
}

static enum miniorm_status transact(struct miniorm__connection *connection,
                                    enum miniorm__transaction_verb verb,
                                    const struct miniorm_transaction_options *options,
                                    unsigned level, uint64_t deadline_ms,
                                    struct miniorm_error *error)
{
    static const char letters[] = "?BCRsrt";
    struct fake *fake = fake_of(connection->database);
    const char letter = letters[verb];

    (void)deadline_ms;
    note(fake, letter, level);
    if (verb == MINIORM__BEGIN)
        fake->options = *options;
    if (fake->failing_steps != NULL && strchr(fake->failing_steps, letter) != NULL)
        return miniorm__fail(error, fake->verb_status, "the fake fails a verb");
    return MINIORM_OK;
}

static const struct miniorm__driver driver = {
    .dialect = MINIORM_SQLITE,
    .connect = connect_to,
    .disconnect = disconnect_from,
    .is_usable = is_usable,
    .execute = execute,
    .transact = transact,
};

static const struct miniorm_database_options usual = {
    .size = sizeof(struct miniorm_database_options),
    .pool_max = 2,
    .acquire_timeout_ms = 5000,
    .connect_timeout_ms = 5000,
    .statement_cache = 16,
    .idle_timeout_ms = 600000,
};

struct fake *fake_new(const struct miniorm_database_options *options)
{
    struct fake *fake = calloc(1, sizeof(*fake));

    assert_non_null(fake);
    pthread_mutex_init(&fake->lock, NULL);
    fake->database.driver = &driver;
    fake->database.options = usual;
    if (options != NULL)
        fake->database.options = *options;
    if (fake->database.options.pool_max == 0)
        fake->database.options.pool_max = usual.pool_max;
    if (fake->database.options.acquire_timeout_ms == 0)
        fake->database.options.acquire_timeout_ms = usual.acquire_timeout_ms;
    if (fake->database.options.idle_timeout_ms == 0)
        fake->database.options.idle_timeout_ms = usual.idle_timeout_ms;
    assert_int_equal(miniorm__pool_new(&fake->database, &fake->database.pool, NULL), MINIORM_OK);
    assert_int_equal(miniorm__session_new(&fake->database, &fake->database.session, NULL),
                     MINIORM_OK);
    return fake;
}

void fake_free(struct fake *fake)
{
    miniorm__pool_free(fake->database.pool);
    miniorm__session_free(fake->database.session);
    assert_int_equal(fake->connections, 0);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

const char *fake_journal(struct fake *fake)
{
    static char copy[sizeof(fake->journal)];

    pthread_mutex_lock(&fake->lock);
    memcpy(copy, fake->journal, sizeof(copy));
    fake->journal[0] = '\0';
    pthread_mutex_unlock(&fake->lock);
    return copy;
}

void fake_await_waiting(struct fake *fake, unsigned waiting)
{
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};

    do {
        sleep_ms(1);
        miniorm_database_pool_stats(&fake->database, &stats);
    } while (stats.waiting != waiting);
}
