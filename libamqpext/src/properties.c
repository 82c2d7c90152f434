/*
 * Properties: what a broker would close the channel for is refused before it is sent, since the
 * message would be sent again, and refused again, on the next channel.
 */
#include "properties.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"

static bool is_short(const char *text)
{
    return text == NULL || strlen(text) <= SHORT_TEXT_MAX;
}

static const char *find_long(const struct amqpext_properties *properties)
{
    if (!is_short(properties->content_type))
        return "content_type";
    if (!is_short(properties->content_encoding))
        return "content_encoding";
    if (!is_short(properties->correlation_id))
        return "correlation_id";
    if (!is_short(properties->reply_to))
        return "reply_to";
    if (!is_short(properties->message_id))
        return "message_id";
    if (!is_short(properties->type))
        return "type";
    if (!is_short(properties->user_id))
        return "user_id";
    return is_short(properties->app_id) ? NULL : "app_id";
}

static const char *find_wrong(const struct amqpext_properties *properties)
{
    if ((unsigned)properties->delivery_mode > AMQPEXT_PERSISTENT)
        return "delivery_mode is none";
    if (properties->priority > UINT8_MAX)
        return "priority is above 255";
    if (properties->timestamp < 0)
        return "timestamp is negative";
    return properties->expiration_ms > AMQPEXT_EXPIRATION_MAX_MS ? "expiration_ms is too long"
                                                                 : NULL;
}

enum amqpext_status amqpext__properties_check(const struct amqpext_properties *properties,
                                              struct amqpext_error *error)
{
    const char *name = find_long(properties);
    const char *why = find_wrong(properties);

    if (name != NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID, "properties: %s has more than %d bytes", name,
                             SHORT_TEXT_MAX);
    if (why != NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID, "properties: %s", why);
    return AMQPEXT_OK;
}
