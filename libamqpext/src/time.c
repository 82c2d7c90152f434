/*
 * Times in payloads, and the calendar behind amqpext_time_from_utc.
 *
 * Nothing here looks at the time zone of the process.
 */
#include <amqpext/time.h>

#include <stdint.h>

#define SECONDS_PER_DAY 86400
/* Days from 0000-03-01 to 1970-01-01, both of the Gregorian calendar. */
#define DAYS_TO_EPOCH 719468
#define DAYS_PER_ERA 146097 /* of 400 years */

json_t *amqpext_time_json(time_t seconds)
{
    return json_real((double)seconds);
}

/* Whether a whole number of seconds has a time_t, which need not have 64 bits. */
static bool to_time(int64_t seconds, time_t *out)
{
    const time_t converted = (time_t)seconds;

    if ((int64_t)converted != seconds)
        return false;
    *out = converted;
    return true;
}

bool amqpext_time_from_json(const json_t *value, time_t *seconds)
{
    double number;
    int64_t whole;

    if (json_is_integer(value))
        return to_time(json_integer_value(value), seconds);
    if (!json_is_real(value))
        return false;
    number = json_real_value(value);
    /* Both powers of two are exact; what is not below the second does not fit into 64 bits. */
    if (!(number >= -0x1p63 && number < 0x1p63))
        return false;
    /* Down, also below zero; floor() would need the mathematical library. */
    whole = (int64_t)number;
    if ((double)whole > number)
        whole--;
    return to_time(whole, seconds);
}

static int days_of_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Years that begin in March put the leap day last, so that months have the lengths of a formula. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    const int64_t from_march = year - (month <= 2 ? 1 : 0);
    const int64_t era = (from_march >= 0 ? from_march : from_march - 399) / 400;
    const int64_t year_of_era = from_march - era * 400;
    const int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - DAYS_TO_EPOCH;
}

bool amqpext_time_from_utc(int year, int month, int day, int hour, int minute, int second,
                           time_t *seconds)
{
    int64_t days;

    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    days = days_of_date(year, month, day);
    return to_time(days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second, seconds);
}
