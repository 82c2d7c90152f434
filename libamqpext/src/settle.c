/*
 * Settling: the one verdict of a delivery, whoever gives it first: the handler that returns, or the
 * program, meanwhile or later.
 *
 * Invariant: exactly one of the calls that give a verdict takes the delivery, by changing its stage
 * to STAGE_OVER; after a call has given a verdict that somebody else takes, it touches nothing.
 */
#include "consumer_state.h"
#include "delivery.h"
#include "error.h"

static bool change(struct amqpext_delivery *delivery, int from, int to)
{
    return atomic_compare_exchange_strong(&delivery->stage, &from, to);
}

bool amqpext__delivery_returned(struct amqpext_delivery *delivery, int verdict)
{
    const int next = verdict == AMQPEXT_DEFER ? STAGE_DEFERRED : STAGE_OVER;

    delivery->verdict = (enum amqpext_verdict)verdict;
    if (change(delivery, STAGE_HANDLER, next))
        return next == STAGE_OVER;
    /* Settled while the handler ran: what came first counts. */
    delivery->verdict = (enum amqpext_verdict)atomic_exchange(&delivery->stage, STAGE_OVER);
    return true;
}

bool amqpext_delivery_is_stale(const struct amqpext_delivery *delivery)
{
    return delivery->consumer != NULL &&
           !amqpext__consumer_is_current(delivery->consumer, delivery->epoch);
}

static enum amqpext_status stale(struct amqpext_error *error)
{
    return amqpext__fail(error, AMQPEXT_ESTALE,
                         "the connection of the delivery is gone: the message comes again");
}

enum amqpext_status amqpext_delivery_settle(struct amqpext_delivery *delivery,
                                            enum amqpext_verdict verdict,
                                            struct amqpext_error *error)
{
    const bool is_stale = amqpext_delivery_is_stale(delivery);

    if (verdict < AMQPEXT_ACK || verdict > AMQPEXT_REQUEUE)
        return amqpext__fail(error, AMQPEXT_EINVALID, "a delivery is settled with a verdict");
    if (change(delivery, STAGE_HANDLER, (int)verdict))
        return is_stale ? stale(error) : AMQPEXT_OK;
    if (!change(delivery, STAGE_DEFERRED, STAGE_OVER))
        return amqpext__fail(error, AMQPEXT_ESTATE, "the delivery is settled already");
    delivery->verdict = verdict;
    return amqpext__consumer_conclude(delivery) ? AMQPEXT_OK : stale(error);
}
