/*
 * URL: scheme, login, hosts, virtual host and query told apart.
 *
 * Whoever forgets to escape a '/', '?', '#' or '@' of a password moves it into another part; each
 * of these is noticed before any part is looked at more closely.
 */
#include "url.h"

#include <string.h>

#include "error.h"

/* RFC 3986: what may stand for itself in a user name, a password and a path. */
#define SUB_DELIMITERS "!$&'()*+,;="

static enum amqpext_status wrong(struct amqpext_error *error, const char *why)
{
    return amqpext__fail(error, AMQPEXT_EINVALID, "the URL of the broker: %s", why);
}

static bool is_prefix(const char *text, const char *prefix, size_t *size)
{
    size_t i;

    for (i = 0; prefix[i] != '\0'; i++) {
        if (text[i] != prefix[i] && text[i] != prefix[i] - 'a' + 'A')
            return false;
    }
    *size = i;
    return true;
}

static bool take_scheme(const char *text, struct bytes *rest, bool *has_tls)
{
    size_t size;

    if (is_prefix(text, "amqps", &size))
        *has_tls = true;
    else if (is_prefix(text, "amqp", &size))
        *has_tls = false;
    else
        return false;
    if (strncmp(text + size, "://", 3) != 0)
        return false;
    *rest = bytes_of(text + size + 3);
    return true;
}

/* Cuts `whole` at the first `mark`: what follows it goes to `after`. False: there is none. */
static bool cut(struct bytes *whole, char mark, struct bytes *after)
{
    const char *at = whole->size == 0 ? NULL : memchr(whole->data, mark, whole->size);

    if (at == NULL)
        return false;
    after->data = at + 1;
    after->size = whole->size - (size_t)(at - whole->data) - 1;
    whole->size = (size_t)(at - whole->data);
    return true;
}

static bool has(struct bytes part, char mark)
{
    return part.size != 0 && memchr(part.data, mark, part.size) != NULL;
}

static enum amqpext_status split_login(struct bytes login, struct url *out,
                                       struct amqpext_error *error)
{
    out->has_user = true;
    out->user = login;
    out->has_password = cut(&out->user, ':', &out->password);
    if (out->user.size == 0)
        return wrong(error, "the user name is empty");
    if (amqpext__url_check(out->user, SUB_DELIMITERS, "the user name", error) != AMQPEXT_OK)
        return AMQPEXT_EINVALID;
    return amqpext__url_check(out->password, SUB_DELIMITERS ":", "the password", error);
}

static enum amqpext_status check_hosts(struct bytes hosts, struct amqpext_error *error)
{
    struct url_host host;
    enum amqpext_status status;

    do {
        status = amqpext__url_next_host(&hosts, &host, error);
    } while (status == AMQPEXT_OK && hosts.data != NULL);
    return status;
}

static enum amqpext_status split_authority(struct bytes authority, struct url *out,
                                           struct amqpext_error *error)
{
    struct bytes login = authority;

    out->hosts = authority;
    if (cut(&login, '@', &out->hosts)) {
        if (has(out->hosts, '@'))
            return wrong(error, "'@' in a user name or password is written as %40");
        if (split_login(login, out, error) != AMQPEXT_OK)
            return AMQPEXT_EINVALID;
    }
    if (out->hosts.size == 0)
        return wrong(error, "there is no host");
    return check_hosts(out->hosts, error);
}

enum amqpext_status amqpext__url_split(const char *text, struct url *out,
                                       struct amqpext_error *error)
{
    struct url url = {.has_tls = false};
    struct bytes authority, path;

    if (!take_scheme(text, &authority, &url.has_tls))
        return wrong(error, "it does not begin with amqp:// or amqps://");
    if (has(authority, '#'))
        return wrong(error, "'#' is written as %23");
    path = (struct bytes){NULL, 0};
    if (cut(&authority, '?', &url.query) && has(url.query, '@'))
        return wrong(error, "'@' is written as %40, and '?' in a password as %3F");
    if (cut(&authority, '/', &path) && has(path, '@'))
        return wrong(error, "'@' is written as %40, and '/' in a password as %2F");
    if (split_authority(authority, &url, error) != AMQPEXT_OK)
        return AMQPEXT_EINVALID;
    if (has(path, '/'))
        return wrong(error, "'/' in the name of a virtual host is written as %2F");
    if (amqpext__url_check(path, SUB_DELIMITERS ":", "the virtual host", error) != AMQPEXT_OK)
        return AMQPEXT_EINVALID;
    url.vhost = path;
    *out = url;
    return AMQPEXT_OK;
}
