/*
 * Places: written from the whole down to the key, in front of what is wrong there.
 *
 * Invariant: reporting allocates nothing; what is too long is cut at its end.
 */
#include "config_place.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

/* Room for a message and the place before it, as much of both as an error holds. */
struct line {
    char text[sizeof(((struct promon_error *)0)->message)];
    size_t size;
};

static void append_list(struct line *line, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void append(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append_list(struct line *line, const char *format, va_list arguments)
{
    const size_t room = sizeof(line->text) - line->size;
    const int size = vsnprintf(line->text + line->size, room, format, arguments);

    if (size > 0)
        line->size += (size_t)size < room ? (size_t)size : room - 1;
}

static void append(struct line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    append_list(line, format, arguments);
    va_end(arguments);
}

enum { MAX_NAME_BYTES = 80 };

/* A name as somebody wrote it: at most so many bytes of it, cut between characters. */
static void append_name(struct line *line, const char *name)
{
    size_t size = strlen(name);

    if (size > MAX_NAME_BYTES) {
        size = MAX_NAME_BYTES;
        while (((unsigned char)name[size] & 0xc0) == 0x80)
            size--;
    }
    append(line, "%.*s", (int)size, name);
}

/* The line without what moves a terminal. */
static const char *cleaned(struct line *line)
{
    size_t i;

    for (i = 0; i < line->size; i++) {
        if ((unsigned char)line->text[i] < ' ' || line->text[i] == 0x7f)
            line->text[i] = '?';
    }
    return line->text;
}

static bool is_whole(const struct promon__place *place)
{
    return place->parent == NULL;
}

/* The whole's name ends in ": ", so that it stands before a place and before a reason alike. */
static void append_place(struct line *line, const struct promon__place *place)
{
    if (!is_whole(place))
        append_place(line, place->parent);
    if (place->name == NULL) {
        append(line, "[%zu]", place->index);
        return;
    }
    if (!is_whole(place) && !is_whole(place->parent))
        append(line, ".");
    append_name(line, place->name);
    if (is_whole(place) && place->name[0] != '\0')
        append(line, ": ");
}

enum promon_status promon__wrong(const struct promon__place *place, struct promon_error *error,
                                 const char *format, ...)
{
    struct line line = {.size = 0};
    va_list arguments;

    append_place(&line, place);
    if (!is_whole(place))
        append(&line, ": ");
    va_start(arguments, format);
    append_list(&line, format, arguments);
    va_end(arguments);
    return promon__fail(error, PROMON_ECONFIG, "%s", cleaned(&line));
}

/* "params.port: …", "tags[1]: …", "name: …", but not "cannot read …". */
static bool begins_with_place(const char *message)
{
    const size_t size = strspn(message, "abcdefghijklmnopqrstuvwxyz_");

    return size > 0 && strchr(".[:", message[size]) != NULL;
}

static const char *joint(const struct promon__place *place, const char *message)
{
    if (is_whole(place))
        return "";
    return begins_with_place(message) ? "." : ": ";
}

enum promon_status promon__wrong_below(const struct promon__place *place,
                                       const struct promon_error *inner, struct promon_error *error)
{
    /* What a program does wrong with options, a configuration does wrong with its words. */
    const enum promon_status status =
        inner->status == PROMON_EINVALID ? PROMON_ECONFIG : inner->status;
    struct line line = {.size = 0};

    append_place(&line, place);
    append(&line, "%s%s", joint(place, inner->message), inner->message);
    if (error != NULL && error->status == PROMON_OK) {
        promon__fail(error, status, "%s", cleaned(&line));
        error->system_errno = inner->system_errno;
    }
    return status;
}
