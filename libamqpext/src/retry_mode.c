/*
 * Versions of brokers and what follows from them.
 *
 * A queue that exists with other arguments is refused as a whole, so that extras are tried from the
 * most useful combination to none.
 */
#include "retry_mode.h"

#include <stddef.h>

static bool is_since(const struct broker *broker, unsigned major, unsigned minor)
{
    return broker->major > major || (broker->major == major && broker->minor >= minor);
}

bool amqpext__retry_has_delayed(const struct broker *broker)
{
    return is_since(broker, 4, 3);
}

bool amqpext__retry_has_quorum_delays(const struct broker *broker)
{
    return is_since(broker, 3, 10);
}

bool amqpext__retry_has_silent_recovery(const struct broker *broker)
{
    return broker->major != 0 && !is_since(broker, 4, 0);
}

static bool is_allowed(const struct retry_wishes *wishes, const struct broker *broker,
                       enum retry_extras extras)
{
    const bool is_native = wishes->mode == AMQPEXT_RETRY_NATIVE;

    if (!wishes->is_declared)
        return extras == EXTRA_NOTHING;
    if ((extras & EXTRA_DELAYED_RETRY) == 0)
        return !(is_native && wishes->is_tried_again) &&
               ((extras & EXTRA_DEAD_LETTERS) == 0 ||
                (wishes->is_quorum && wishes->has_dead_letters));
    if (!wishes->is_quorum || !wishes->is_tried_again || wishes->mode == AMQPEXT_RETRY_QUEUES)
        return false;
    if ((extras & EXTRA_DEAD_LETTERS) != 0 && !wishes->has_dead_letters)
        return false;
    return is_native || amqpext__retry_has_delayed(broker);
}

bool amqpext__retry_extras(const struct retry_wishes *wishes, const struct broker *broker,
                           unsigned refused, enum retry_extras *out)
{
    static const enum retry_extras order[] = {EXTRA_BOTH, EXTRA_DELAYED_RETRY, EXTRA_DEAD_LETTERS,
                                              EXTRA_NOTHING};
    size_t i;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (is_allowed(wishes, broker, order[i]) && (refused & 1u << order[i]) == 0) {
            *out = order[i];
            return true;
        }
    }
    return false;
}
