/*
 * Logs: the app's error log, and the ready format of the access log.
 */
#include <baseapi/log.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app_state.h"
#include "utf8.h"

/* Room for one message of the error log. */
#define MESSAGE_SIZE 640
/*
 * Longest forms of the strings of a line, with their quotes, but for the target, which takes what
 * is left.
 */
#define ID_SIZE 68
#define PEER_SIZE 50
#define METHOD_SIZE 36
#define ROUTE_SIZE 150
/* The three numbers at the end with their names. */
#define TAIL_SIZE 100
/* Room for all of that, the names and the time; without it a line is of no use. */
#define LEAST_LINE_SIZE 512

void baseapi__app_log(const struct baseapi_app *app, enum baseapi_log_level level,
                      const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;
    char *p;

    if (app->options.error_log == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    /* One line, whatever a client has put into it. */
    for (p = message; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    }
    app->options.error_log(level, message, app->options.error_log_data);
}

struct line {
    char *data;
    size_t size;
    size_t limit;
};

static void add(struct line *line, const char *text)
{
    const size_t length = strlen(text);

    if (length > line->limit - line->size)
        return;
    memcpy(line->data + line->size, text, length);
    line->size += length;
}

/* Longest form of one character: \u00XX. */
static size_t escape(const char *text, size_t size, char out[8])
{
    const unsigned char byte = (unsigned char)*text;
    const size_t length = utf8_character(text, size);

    if (length == 0 || byte < 0x20 || byte == 0x7f) {
        (void)snprintf(out, 8, length == 0 ? "\\ufffd" : "\\u%04x", byte);
        return 1;
    }
    out[0] = '\\';
    memcpy(out + (byte == '"' || byte == '\\'), text, length);
    out[length + (byte == '"' || byte == '\\')] = '\0';
    return length;
}

/*
 * A JSON string of at most `longest` bytes that leaves `kept` bytes of the line behind it; the rest
 * is cut off.
 */
static void add_string(struct line *line, const char *text, size_t longest, size_t kept)
{
    const size_t last = line->limit - kept;
    const size_t end = last - line->size < longest ? last : line->size + longest;
    size_t left = strlen(text);

    add(line, "\"");
    while (left != 0) {
        char character[8];
        const size_t taken = escape(text, left, character);

        if (line->size + strlen(character) + 1 > end)
            break;
        add(line, character);
        text += taken;
        left -= taken;
    }
    add(line, "\"");
}

static void add_time(struct line *line, int64_t at_us)
{
    const time_t seconds = (time_t)(at_us / 1000000);
    struct tm parts;
    char text[80];

    memset(&parts, 0, sizeof(parts));
    (void)gmtime_r(&seconds, &parts);
    (void)snprintf(text, sizeof(text), "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ\"",
                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec, (int)(at_us % 1000000));
    add(line, text);
}

static void add_member(struct line *line, const char *name, const char *value, size_t longest,
                       size_t kept)
{
    add(line, name);
    if (value == NULL)
        add(line, "null");
    else
        add_string(line, value, longest, kept);
}

size_t baseapi_access_log_format(const struct baseapi_access *access, char *line_data, size_t size)
{
    struct line line = {.data = line_data, .limit = size - 1};
    char numbers[120];

    if (size < LEAST_LINE_SIZE)
        return 0;
    add_time(&line, access->started_at_us);
    add_member(&line, ",\"id\":", access->request_id, ID_SIZE, ROUTE_SIZE + TAIL_SIZE);
    add_member(&line, ",\"peer\":", access->peer, PEER_SIZE, ROUTE_SIZE + TAIL_SIZE);
    add_member(&line, ",\"method\":", access->method, METHOD_SIZE, ROUTE_SIZE + TAIL_SIZE);
    add_member(&line, ",\"target\":", access->target, size, ROUTE_SIZE + TAIL_SIZE);
    add_member(&line, ",\"route\":", access->route, ROUTE_SIZE - 10, TAIL_SIZE);
    (void)snprintf(numbers, sizeof(numbers), ",\"status\":%u,\"bytes\":%llu,\"duration_us\":%llu}",
                   access->status, (unsigned long long)access->body_bytes,
                   (unsigned long long)access->duration_us);
    add(&line, numbers);
    line.data[line.size] = '\0';
    return line.size;
}
