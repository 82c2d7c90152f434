/*
 * Dates and times: the proleptic Gregorian calendar, ISO 8601 text, PostgreSQL's ranges.
 *
 * Days and microseconds count from 2000-01-01. The text forms are YYYY-MM-DD and
 * HH:MM[:SS[.ffffff]], joined by 'T' or white space, with an offset (Z, ±HH, ±HH:MM, ±HHMM,
 * ±HH:MM:SS) and " BC" behind them, and infinity.
 * Invariant: a parsed value is within PostgreSQL's range for its type.
 */
#include <string.h>

#include "value.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)
/* 4714-11-24 BC, where the Julian days of PostgreSQL begin, and the first day and microsecond that
 * it does not take. */
#define FIRST_DAY INT64_C(-2451545)
#define END_DAY INT64_C(2145031949)
#define FIRST_US (FIRST_DAY * US_PER_DAY)
#define END_US INT64_C(9223371331200000000)
/* Days from 0000-03-01 of the calendar below to 2000-01-01. */
#define DAYS_TO_EPOCH INT64_C(730425)
#define DAYS_PER_ERA INT64_C(146097) /* of 400 years */
/* PostgreSQL takes offsets of less than 16 hours. */
#define OFFSET_HOURS_MAX 15
#define FRACTION_DIGITS 6
#define YEAR_DIGITS_MAX 7

/* The year counts astronomically: 0 is 1 BC. */
struct date {
    int64_t year;
    int64_t month;
    int64_t day;
};

bool miniorm__date_is_valid(int64_t days)
{
    return (days >= FIRST_DAY && days < END_DAY) || days == MINIORM_DATE_INFINITY ||
           days == MINIORM_DATE_NEGATIVE_INFINITY;
}

bool miniorm__time_is_valid(int64_t us)
{
    return us >= 0 && us <= US_PER_DAY;
}

bool miniorm__timestamp_is_valid(int64_t us)
{
    return (us >= FIRST_US && us < END_US) || us == MINIORM_INFINITY ||
           us == MINIORM_NEGATIVE_INFINITY;
}

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0 ? 1 : 0);
}

/* Years that begin in March put the leap day last, so that months have the lengths of a formula. */
static int64_t days_of_date(const struct date *date)
{
    const int64_t year = date->year - (date->month <= 2 ? 1 : 0);
    const int64_t era = floor_divide(year, 400);
    const int64_t year_of_era = year - era * 400;
    const int64_t month = (date->month + 9) % 12;
    const int64_t day_of_year = (153 * month + 2) / 5 + date->day - 1;

    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - DAYS_TO_EPOCH;
}

static struct date date_of_days(int64_t days)
{
    const int64_t shifted = days + DAYS_TO_EPOCH;
    const int64_t era = floor_divide(shifted, DAYS_PER_ERA);
    const int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    struct date date;

    date.day = day_of_year - (153 * month + 2) / 5 + 1;
    date.month = month < 10 ? month + 3 : month - 9;
    date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
    return date;
}

/* What is left to read. */
struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static bool skip_spaces(struct cursor *cursor)
{
    const char *start = cursor->at;

    while (take(cursor, ' '))
        continue;
    return cursor->at != start;
}

/* Between `least` and `most` digits. */
static bool take_number(struct cursor *cursor, int least, int most, int64_t *out)
{
    int64_t number = 0;
    int n = 0;

    while (n < most && cursor->at != cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        number = number * 10 + (*cursor->at++ - '0');
        n++;
    }
    *out = number;
    return n >= least;
}

static bool date_exists(const struct date *date)
{
    struct date again;

    if (date->month < 1 || date->month > 12 || date->day < 1 || date->day > 31)
        return false;
    again = date_of_days(days_of_date(date));
    return again.day == date->day && again.month == date->month;
}

/* The year as written; what "BC" makes of it is known only at the end of the text. */
static bool take_date(struct cursor *cursor, struct date *out)
{
    return take_number(cursor, 4, YEAR_DIGITS_MAX, &out->year) && out->year != 0 &&
           take(cursor, '-') && take_number(cursor, 2, 2, &out->month) && take(cursor, '-') &&
           take_number(cursor, 2, 2, &out->day);
}

/* Takes " BC" if it stands at the end, and says whether the end is reached and the date exists. */
static bool finish_date(struct cursor *cursor, struct date *date)
{
    if (skip_spaces(cursor)) {
        if (cursor->end - cursor->at != 2 || (cursor->at[0] | 0x20) != 'b' ||
            (cursor->at[1] | 0x20) != 'c')
            return false;
        cursor->at += 2;
        date->year = 1 - date->year;
    }
    return cursor->at == cursor->end && date_exists(date);
}

/* Digits after the point, rounded to microseconds. */
static bool take_fraction(struct cursor *cursor, int64_t *out)
{
    const char *start = cursor->at;
    int64_t us = 0;
    int64_t more;
    int n;

    if (!take_number(cursor, 1, FRACTION_DIGITS, &us))
        return false;
    for (n = (int)(cursor->at - start); n < FRACTION_DIGITS; n++)
        us *= 10;
    if (take_number(cursor, 1, 1, &more) && more >= 5)
        us++;
    while (take_number(cursor, 1, 1, &more))
        continue;
    *out = us;
    return true;
}

/* A second 60 and the hour 24:00:00 are the moment after, as in PostgreSQL. */
static bool take_time(struct cursor *cursor, int64_t *out)
{
    int64_t hour, minute;
    int64_t second = 0;
    int64_t us = 0;

    if (!take_number(cursor, 2, 2, &hour) || !take(cursor, ':') ||
        !take_number(cursor, 2, 2, &minute))
        return false;
    if (take(cursor, ':')) {
        if (!take_number(cursor, 2, 2, &second))
            return false;
        if ((take(cursor, '.') || take(cursor, ',')) && !take_fraction(cursor, &us))
            return false;
    }
    if (minute > 59 || second > 60)
        return false;
    us += ((hour * 60 + minute) * 60 + second) * US_PER_SECOND;
    if (us > US_PER_DAY)
        return false;
    *out = us;
    return true;
}

/* Digits of ±HH[[:]MM[:SS]] behind the sign, in seconds. */
static bool take_offset_digits(struct cursor *cursor, int64_t *out)
{
    int64_t hours;
    int64_t minutes = 0;
    int64_t seconds = 0;

    if (!take_number(cursor, 2, 2, &hours))
        return false;
    if (take(cursor, ':')) {
        if (!take_number(cursor, 2, 2, &minutes))
            return false;
        if (take(cursor, ':') && !take_number(cursor, 2, 2, &seconds))
            return false;
    } else if (cursor->at != cursor->end && *cursor->at != ' ') {
        if (!take_number(cursor, 2, 2, &minutes))
            return false;
    }
    if (hours > OFFSET_HOURS_MAX || minutes > 59 || seconds > 59)
        return false;
    *out = (hours * 60 + minutes) * 60 + seconds;
    return true;
}

/* An offset, if there is one, in microseconds east of UTC. */
static bool take_offset(struct cursor *cursor, int64_t *out)
{
    const char *start = cursor->at;
    int64_t seconds;
    bool west;

    *out = 0;
    skip_spaces(cursor);
    if (take(cursor, 'Z') || take(cursor, 'z'))
        return true;
    west = take(cursor, '-');
    if (!west && !take(cursor, '+')) {
        cursor->at = start;
        return true;
    }
    if (!take_offset_digits(cursor, &seconds))
        return false;
    *out = (west ? -seconds : seconds) * US_PER_SECOND;
    return true;
}

/* 1 and -1 for the infinities, 0 for anything else. */
static int infinite(struct miniorm_text text)
{
    static const char word[] = "infinity";
    const bool negative = text.size > 0 && text.data[0] == '-';
    const size_t start = negative || (text.size > 0 && text.data[0] == '+') ? 1 : 0;
    size_t i;

    if (text.size - start != sizeof(word) - 1)
        return 0;
    for (i = 0; i < sizeof(word) - 1; i++) {
        if ((text.data[start + i] | 0x20) != word[i])
            return 0;
    }
    return negative ? -1 : 1;
}

bool miniorm__date_parse(struct miniorm_text text, int64_t *out)
{
    struct cursor cursor = {text.data, text.data + text.size};
    const int sign = text.size == 0 ? 0 : infinite(text);
    struct date date;
    int64_t days;

    if (sign != 0) {
        *out = sign < 0 ? MINIORM_DATE_NEGATIVE_INFINITY : MINIORM_DATE_INFINITY;
        return true;
    }
    if (text.size == 0 || !take_date(&cursor, &date) || !finish_date(&cursor, &date))
        return false;
    days = days_of_date(&date);
    if (!miniorm__date_is_valid(days))
        return false;
    *out = days;
    return true;
}

bool miniorm__time_parse(struct miniorm_text text, int64_t *out)
{
    struct cursor cursor = {text.data, text.data + text.size};
    int64_t us;

    if (text.size == 0 || !take_time(&cursor, &us) || cursor.at != cursor.end)
        return false;
    *out = us;
    return true;
}

static bool take_separator(struct cursor *cursor)
{
    return take(cursor, 'T') || take(cursor, 't') || skip_spaces(cursor);
}

/* The parts of a point of time; a date alone is its midnight. */
static bool take_timestamp(struct cursor *cursor, struct date *date, int64_t *time, int64_t *offset)
{
    *time = 0;
    *offset = 0;
    if (!take_date(cursor, date))
        return false;
    if (cursor->at != cursor->end) {
        const char *after_date = cursor->at;

        if (!take_separator(cursor))
            return false;
        if (cursor->at != cursor->end && (*cursor->at | 0x20) == 'b')
            cursor->at = after_date;
        else if (!take_time(cursor, time) || !take_offset(cursor, offset))
            return false;
    }
    return finish_date(cursor, date);
}

bool miniorm__timestamp_parse(struct miniorm_text text, bool zoned, int64_t *out)
{
    struct cursor cursor = {text.data, text.data + text.size};
    const int sign = text.size == 0 ? 0 : infinite(text);
    struct date date;
    int64_t time, offset, days;

    if (sign != 0) {
        *out = sign < 0 ? MINIORM_NEGATIVE_INFINITY : MINIORM_INFINITY;
        return true;
    }
    if (text.size == 0 || !take_timestamp(&cursor, &date, &time, &offset) ||
        (!zoned && offset != 0))
        return false;
    days = days_of_date(&date);
    /* A day more at either end leaves room for offsets; the sum cannot overflow then. */
    if (days < FIRST_DAY - 1 || days > END_US / US_PER_DAY)
        return false;
    time += days * US_PER_DAY - offset;
    if (time < FIRST_US || time >= END_US)
        return false;
    *out = time;
    return true;
}

static size_t write_number(int64_t number, int width, char *out)
{
    char reversed[20];
    size_t size = 0;
    int n = 0;

    do {
        reversed[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (; width > n; width--)
        out[size++] = '0';
    while (n > 0)
        out[size++] = reversed[--n];
    return size;
}

static size_t write_string(const char *string, char *out)
{
    const size_t size = strlen(string);

    memcpy(out, string, size);
    return size;
}

static size_t write_date(const struct date *date, char *out)
{
    size_t size = write_number(date->year > 0 ? date->year : 1 - date->year, 4, out);

    out[size++] = '-';
    size += write_number(date->month, 2, out + size);
    out[size++] = '-';
    return size + write_number(date->day, 2, out + size);
}

static size_t write_era(const struct date *date, char *out)
{
    return write_string(date->year > 0 ? "" : " BC", out);
}

size_t miniorm__date_format(int64_t days, char out[MINIORM_FORMAT_SIZE])
{
    struct date date;
    size_t size;

    if (days == MINIORM_DATE_INFINITY)
        return write_string("infinity", out);
    if (days == MINIORM_DATE_NEGATIVE_INFINITY)
        return write_string("-infinity", out);
    if (!miniorm__date_is_valid(days))
        return 0;
    date = date_of_days(days);
    size = write_date(&date, out);
    return size + write_era(&date, out + size);
}

/* The fraction without trailing zeros, and without its point if it is zero: so equal times have
 * equal text, and the text of a day's times has their order. */
size_t miniorm__time_format(int64_t us, char out[MINIORM_FORMAT_SIZE])
{
    const int64_t seconds = us / US_PER_SECOND;
    const int64_t fraction = us % US_PER_SECOND;
    size_t size;

    if (!miniorm__time_is_valid(us))
        return 0;
    size = write_number(seconds / 3600, 2, out);
    out[size++] = ':';
    size += write_number(seconds / 60 % 60, 2, out + size);
    out[size++] = ':';
    size += write_number(seconds % 60, 2, out + size);
    if (fraction == 0)
        return size;
    out[size++] = '.';
    size += write_number(fraction, FRACTION_DIGITS, out + size);
    while (out[size - 1] == '0')
        size--;
    return size;
}

size_t miniorm__timestamp_format(int64_t us, const char *zone, char out[MINIORM_FORMAT_SIZE])
{
    struct date date;
    int64_t days;
    size_t size;

    if (us == MINIORM_INFINITY)
        return write_string("infinity", out);
    if (us == MINIORM_NEGATIVE_INFINITY)
        return write_string("-infinity", out);
    if (!miniorm__timestamp_is_valid(us))
        return 0;
    days = floor_divide(us, US_PER_DAY);
    date = date_of_days(days);
    size = write_date(&date, out);
    out[size++] = ' ';
    size += miniorm__time_format(us - days * US_PER_DAY, out + size);
    size += write_string(zone, out + size);
    return size + write_era(&date, out + size);
}
