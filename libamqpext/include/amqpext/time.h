/*
 * Times in payloads: seconds since 1970-01-01 UTC as a real number without fraction, as
 * aioamqp-ext wrote them, but never through local time.
 */
#ifndef AMQPEXT_TIME_H
#define AMQPEXT_TIME_H

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#include <amqpext/export.h>

AMQPEXT_BEGIN_DECLS

/* A new reference to the time as JSON, or NULL when memory ran out. Thread: any. Since: 0.1 */
AMQPEXT_API json_t *amqpext_time_json(time_t seconds);

/*
 * Reads such a time, integers and numbers with a fraction too; false, with *seconds untouched, for
 * anything else or out of range.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API bool amqpext_time_from_json(const json_t *value, time_t *seconds);

/*
 * Seconds of a date and time of day that are meant as UTC, whatever the time zone of the process;
 * false where the date does not exist. Year 2026, month 1 to 12, day 1 to 31.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API bool amqpext_time_from_utc(int year, int month, int day, int hour, int minute,
                                       int second, time_t *seconds);

AMQPEXT_END_DECLS

#endif
