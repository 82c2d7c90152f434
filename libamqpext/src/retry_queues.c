/*
 * The queues of a retry engine: names, types, arguments.
 *
 * Invariant: what is written for one engine is the same on every connect to brokers of one version,
 * since a queue with other arguments would be refused.
 */
#include "retry_queues.h"

#include <string.h>

#include "error.h"
#include "options.h"
#include "table.h"
#include "text.h"

enum {
    /* Where the options name nothing. */
    MAX_ATTEMPTS = 5,
    MIN_DELAY_MS = 1000,
    MAX_DELAY_MS = 60000,
    JITTER_PERCENT = 25,
    /* What a quorum queue of RabbitMQ 4.0 and later takes back unless it is told. */
    BROKER_DELIVERY_LIMIT = 20,
    NAME_BYTES_MAX = 255
};

static enum amqpext_status fill_options(struct amqpext_retry_options *out,
                                        const struct amqpext_retry_options *options,
                                        struct amqpext_error *error)
{
    const enum amqpext_status status =
        amqpext__options_copy(out, sizeof(*out), options, "retry options", error);

    if (status != AMQPEXT_OK)
        return status;
    if (out->mode > AMQPEXT_RETRY_NATIVE)
        return amqpext__fail(error, AMQPEXT_EINVALID, "retry: mode is none of its values");
    if (out->max_attempts == 0)
        out->max_attempts = MAX_ATTEMPTS;
    if (out->min_delay_ms == 0)
        out->min_delay_ms = out->max_delay_ms != 0 && out->max_delay_ms < MIN_DELAY_MS
                                ? out->max_delay_ms
                                : MIN_DELAY_MS;
    if (out->max_delay_ms == 0)
        out->max_delay_ms = out->min_delay_ms > MAX_DELAY_MS ? out->min_delay_ms : MAX_DELAY_MS;
    if (out->max_delay_ms < out->min_delay_ms)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "retry: max_delay_ms is shorter than min_delay_ms");
    if (out->jitter_percent == 0)
        out->jitter_percent = JITTER_PERCENT;
    else if (out->jitter_percent > 100)
        out->jitter_percent = 0;
    return AMQPEXT_OK;
}

static bool is_quorum(const struct amqpext_queue *queue)
{
    const char *type = amqpext_table_text(queue->arguments, "x-queue-type");

    return type != NULL ? strcmp(type, "quorum") == 0 : queue->type == AMQPEXT_QUEUE_QUORUM;
}

/* NULL with `failed` of the text set, or too long. */
static const char *join(struct arena *arena, const char *first, const char *second,
                        struct amqpext_error *error)
{
    struct text text = {NULL, 0, 0, false};
    const char *name = NULL;

    text_string(&text, first);
    text_string(&text, second);
    if (text.failed)
        (void)amqpext__fail_memory(error);
    else if (text.size > NAME_BYTES_MAX)
        (void)amqpext__fail(error, AMQPEXT_EINVALID, "retry: the name %s is longer than %d bytes",
                            text.data, NAME_BYTES_MAX);
    else if ((name = arena_string(arena, text.data)) == NULL)
        (void)amqpext__fail_memory(error);
    text_free(&text);
    return name;
}

static enum amqpext_status name_steps(struct retry_queues *queues, struct amqpext_error *error)
{
    const char *prefix = queues->options.queue_prefix;
    unsigned i;

    if (prefix == NULL)
        prefix = join(&queues->arena, queues->main->name, ".retry.", error);
    if (prefix == NULL)
        return error->status;
    for (i = 0; i < queues->steps.count; i++) {
        char digits[21];
        char *start = digits + sizeof(digits) - 1;
        uint64_t ms = queues->steps.ms[i];

        for (*start = '\0'; ms != 0; ms /= 10)
            *--start = (char)('0' + ms % 10);
        queues->step_names[i] = join(&queues->arena, prefix, start, error);
        if (queues->step_names[i] == NULL)
            return error->status;
    }
    return AMQPEXT_OK;
}

/* A queue that the broker names has no place for dead letters unless one is given. */
static enum amqpext_status name_dead(struct retry_queues *queues, struct amqpext_error *error)
{
    const char *given = queues->options.dead_letter_queue;

    if (queues->options.no_dead_letter_queue || (given == NULL && !queues->has_name))
        return AMQPEXT_OK;
    queues->dead = given != NULL ? join(&queues->arena, given, "", error)
                                 : join(&queues->arena, queues->main->name, ".dead", error);
    if (queues->dead == NULL)
        return error->status;
    if (strcmp(queues->dead, queues->main->name) == 0)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "retry: the queue of dead letters is the queue itself");
    return AMQPEXT_OK;
}

static struct retry_wishes wishes_of(const struct retry_queues *queues)
{
    const struct amqpext_queue *main = queues->main;
    const struct retry_wishes wishes = {
        .mode = queues->options.mode,
        .is_quorum = is_quorum(main),
        .is_declared = main->declare == AMQPEXT_DECLARE,
        .has_dead_letters = queues->dead != NULL && main->dead_letter_exchange == NULL &&
                            amqpext_table_get(main->arguments, "x-dead-letter-exchange") == NULL,
        .is_tried_again = queues->options.max_attempts > 1,
    };

    return wishes;
}

static enum amqpext_status add_delayed_retry(const struct retry_queues *queues,
                                             struct amqpext_table *arguments,
                                             struct amqpext_error *error)
{
    const struct amqpext_retry_options *options = &queues->options;
    enum amqpext_status status =
        amqpext_table_set_text(arguments, "x-delayed-retry-type", "failed", error);

    if (status == AMQPEXT_OK)
        status = amqpext_table_set_integer(arguments, "x-delayed-retry-min", options->min_delay_ms,
                                           error);
    if (status == AMQPEXT_OK)
        status = amqpext_table_set_integer(arguments, "x-delayed-retry-max", options->max_delay_ms,
                                           error);
    return status;
}

/* Dropping the oldest of a full queue cannot go along with dead-lettering at least once. */
static bool drops_oldest(const struct amqpext_queue *queue)
{
    const bool has_limit = queue->max_length != 0 || queue->max_length_bytes != 0 ||
                           amqpext_table_get(queue->arguments, "x-max-length") != NULL ||
                           amqpext_table_get(queue->arguments, "x-max-length-bytes") != NULL;

    return amqpext_table_get(queue->arguments, "x-overflow") != NULL ||
           (has_limit && !queue->reject_when_full);
}

static enum amqpext_status add_dead_letters(const struct retry_queues *queues,
                                            struct amqpext_table *arguments,
                                            struct amqpext_error *error)
{
    enum amqpext_status status =
        amqpext_table_set_text(arguments, "x-dead-letter-exchange", "", error);

    if (status == AMQPEXT_OK)
        status =
            amqpext_table_set_text(arguments, "x-dead-letter-routing-key", queues->dead, error);
    if (drops_oldest(queues->main))
        return status;
    if (status == AMQPEXT_OK)
        status = amqpext_table_set_text(arguments, "x-overflow", "reject-publish", error);
    if (status == AMQPEXT_OK)
        status =
            amqpext_table_set_text(arguments, "x-dead-letter-strategy", "at-least-once", error);
    return status;
}

static enum amqpext_status make_main_arguments(struct retry_queues *queues,
                                               enum retry_extras extras,
                                               struct amqpext_error *error)
{
    struct amqpext_table *arguments = NULL;
    enum amqpext_status status = amqpext_table_new(&arguments, error);

    queues->main_arguments[extras] = arguments;
    /* What the program says wins. */
    if (status == AMQPEXT_OK && (extras & EXTRA_DELAYED_RETRY) != 0)
        status = add_delayed_retry(queues, arguments, error);
    if (status == AMQPEXT_OK && (extras & EXTRA_DEAD_LETTERS) != 0)
        status = add_dead_letters(queues, arguments, error);
    if (status == AMQPEXT_OK)
        status = amqpext__table_merge(arguments, queues->main->arguments, error);
    return status;
}

/* Quorum queues hand on what expires at least once only if they refuse rather than drop. */
static enum amqpext_status make_step_arguments(struct retry_queues *queues,
                                               struct amqpext_error *error)
{
    enum amqpext_status status = amqpext_table_new(&queues->step_arguments, error);

    if (status == AMQPEXT_OK)
        status =
            amqpext_table_set_text(queues->step_arguments, "x-overflow", "reject-publish", error);
    if (status == AMQPEXT_OK)
        status = amqpext_table_set_text(queues->step_arguments, "x-dead-letter-strategy",
                                        "at-least-once", error);
    return status;
}

static enum amqpext_status make_arguments(struct retry_queues *queues, struct amqpext_error *error)
{
    enum amqpext_status status = make_step_arguments(queues, error);
    int extras;

    for (extras = EXTRA_DEAD_LETTERS; extras <= EXTRA_BOTH && status == AMQPEXT_OK; extras++) {
        if ((extras & EXTRA_DEAD_LETTERS) == 0 || queues->dead != NULL)
            status = make_main_arguments(queues, (enum retry_extras)extras, error);
    }
    return status;
}

static enum amqpext_status check(const struct retry_queues *queues, struct amqpext_error *error)
{
    if (queues->wishes.mode == AMQPEXT_RETRY_NATIVE && !queues->wishes.is_quorum)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "retry: the broker's own delayed retry needs a quorum queue");
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__retry_queues_make(const struct amqpext_retry_options *options,
                                               const struct amqpext_queue *main,
                                               struct retry_queues *out,
                                               struct amqpext_error *error)
{
    struct amqpext_error own = AMQPEXT_ERROR_INIT;
    enum amqpext_status status;

    memset(out, 0, sizeof(*out));
    out->main = main;
    out->has_name = main->name != NULL && main->name[0] != '\0';
    status = fill_options(&out->options, options, &own);
    if (status == AMQPEXT_OK) {
        amqpext__retry_steps(&out->steps, &out->options);
        status = out->has_name ? name_steps(out, &own) : AMQPEXT_OK;
    }
    if (status == AMQPEXT_OK)
        status = name_dead(out, &own);
    if (status == AMQPEXT_OK) {
        out->wishes = wishes_of(out);
        status = check(out, &own);
    }
    if (status == AMQPEXT_OK)
        status = make_arguments(out, &own);
    if (status == AMQPEXT_OK)
        return AMQPEXT_OK;
    amqpext__retry_queues_free(out);
    return amqpext__fail_copy(error, &own);
}

void amqpext__retry_queues_free(struct retry_queues *queues)
{
    int extras;

    for (extras = 0; extras <= EXTRA_BOTH; extras++)
        amqpext_table_free(queues->main_arguments[extras]);
    amqpext_table_free(queues->step_arguments);
    arena_free(&queues->arena);
    memset(queues, 0, sizeof(*queues));
}

struct amqpext_queue amqpext__retry_main_queue(const struct retry_queues *queues,
                                               enum retry_extras extras)
{
    struct amqpext_queue queue = *queues->main;
    const unsigned attempts = queues->options.max_attempts;

    if (extras == EXTRA_NOTHING)
        return queue;
    queue.arguments = queues->main_arguments[extras];
    /* Otherwise the broker would give up before the last attempt. */
    if ((extras & EXTRA_DELAYED_RETRY) != 0 && queue.delivery_limit == 0 &&
        attempts >= BROKER_DELIVERY_LIMIT)
        queue.delivery_limit = attempts;
    return queue;
}

/* Of the main queue's kind, so that a message is as safe there as here. */
static enum amqpext_queue_type type_beside(const struct retry_queues *queues)
{
    if (queues->wishes.is_quorum)
        return AMQPEXT_QUEUE_QUORUM;
    return queues->main->type;
}

/*
 * A classic queue hands on what expires at most once: messages that wait in it, and those that came
 * back from it, are gone when the broker or the process of the main queue dies. So the queue of a
 * step is a quorum queue, whatever the main queue is, unless that is not durable itself.
 */
static struct amqpext_queue step_queue(const struct retry_queues *queues, unsigned step,
                                       bool has_quorum_delays)
{
    const struct amqpext_queue *main = queues->main;
    const bool is_durable = !main->transient && !main->exclusive && !main->auto_delete;
    const bool is_quorum = has_quorum_delays && is_durable;
    const enum amqpext_queue_type lesser =
        queues->wishes.is_quorum ? AMQPEXT_QUEUE_CLASSIC : main->type;

    return (struct amqpext_queue){
        .name = queues->step_names[step],
        .type = is_quorum ? AMQPEXT_QUEUE_QUORUM : lesser,
        .message_ttl_ms = queues->steps.ms[step],
        .dead_letter_exchange = "",
        .dead_letter_routing_key = queues->main->name,
        .arguments = is_quorum ? queues->step_arguments : NULL,
    };
}

unsigned amqpext__retry_own_queues(const struct retry_queues *queues,
                                   const struct retry_declared *declared,
                                   struct amqpext_queue out[RETRY_QUEUES_MAX])
{
    unsigned count = 0;
    unsigned i;

    for (i = 0; i < declared->n_steps && queues->has_name; i++)
        out[count++] = step_queue(queues, i, declared->has_quorum_delays);
    if (queues->dead != NULL && !declared->has_given_dead)
        out[count++] = (struct amqpext_queue){.name = queues->dead, .type = type_beside(queues)};
    return count;
}
