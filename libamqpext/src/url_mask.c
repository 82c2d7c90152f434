/*
 * URLs for people to read: without the password and without the query.
 *
 * Order: none. Nothing is allocated. Only text that is a URL as far as the query is shown at all,
 * because a password may stand anywhere in text that is none.
 */
#include <amqpext/connection.h>

#include <string.h>

#include "url.h"

struct room {
    char *data;
    size_t size, used;
};

static void add(struct room *room, struct bytes part)
{
    const size_t left = room->size - 1 - room->used;
    const size_t size = part.size < left ? part.size : left;

    if (size != 0)
        memcpy(room->data + room->used, part.data, size);
    room->used += size;
}

static void add_text(struct room *room, const char *text)
{
    add(room, bytes_of(text));
}

static void add_login(struct room *room, const struct url *url)
{
    add(room, url->user);
    if (url->has_password)
        add_text(room, ":***");
    add_text(room, "@");
}

void amqpext_url_mask(const char *text, char *out, size_t size)
{
    struct room room = {out, size, 0};
    struct url url;

    if (size == 0)
        return;
    if (text == NULL || amqpext__url_split(text, &url, NULL) != AMQPEXT_OK) {
        add_text(&room, "***");
    } else {
        add_text(&room, url.has_tls ? "amqps://" : "amqp://");
        if (url.has_user)
            add_login(&room, &url);
        add(&room, url.hosts);
        if (url.vhost.data != NULL) {
            add_text(&room, "/");
            add(&room, url.vhost);
        }
    }
    out[room.used] = '\0';
}
