/*
 * The hosts of a URL: "name", "name:port", "[::1]", "[fe80::1%25eth0]:port", separated by commas.
 */
#include "url.h"

#include <arpa/inet.h>
#include <string.h>

#include "error.h"

static enum amqpext_status wrong(struct amqpext_error *error, const char *why)
{
    return amqpext__fail(error, AMQPEXT_EINVALID, "the URL of the broker: %s", why);
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

static bool is_name(struct bytes text)
{
    size_t i;

    for (i = 0; i < text.size; i++) {
        if (!is_name_byte(text.data[i]))
            return false;
    }
    return text.size > 0 && text.size <= URL_HOST_MAX;
}

static bool is_ipv6(struct bytes text)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr binary;

    if (text.size >= sizeof(address) || memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(address, text.data, text.size);
    address[text.size] = '\0';
    return inet_pton(AF_INET6, address, &binary) == 1;
}

/* RFC 6874: a zone follows "%25". */
static bool take_zone(struct url_host *host)
{
    const char *mark = memchr(host->name.data, '%', host->name.size);
    const size_t before = mark == NULL ? host->name.size : (size_t)(mark - host->name.data);

    if (mark == NULL)
        return true;
    if (host->name.size - before < 3 || memcmp(mark, "%25", 3) != 0)
        return false;
    host->zone = (struct bytes){mark + 3, host->name.size - before - 3};
    host->name.size = before;
    /* Interfaces have names of at most 15 bytes. */
    return is_name(host->zone) && host->zone.size <= 15;
}

/* Sets the name; `rest` is what follows it. */
static enum amqpext_status take_name(struct bytes host, struct url_host *out, struct bytes *rest,
                                     struct amqpext_error *error)
{
    const bool has_brackets = host.size > 0 && host.data[0] == '[';
    const char *end =
        host.size == 0 ? NULL : memchr(host.data, has_brackets ? ']' : ':', host.size);
    size_t size = end == NULL ? host.size : (size_t)(end - host.data);

    out->is_ipv6 = has_brackets;
    out->name = (struct bytes){host.data, size};
    if (has_brackets) {
        if (end == NULL)
            return wrong(error, "a '[' in the list of hosts has no ']'");
        out->name = (struct bytes){host.data + 1, size - 1};
        size++;
        if (!take_zone(out) || !is_ipv6(out->name))
            return wrong(error, "what stands in brackets is no IPv6 address");
    } else if (size == 0) {
        return wrong(error, "the name of a host is empty");
    } else if (!is_name(out->name)) {
        return wrong(error, "the name of a host is too long or has a character that none has");
    }
    *rest = (struct bytes){host.data + size, host.size - size};
    return AMQPEXT_OK;
}

static enum amqpext_status read_host(struct bytes host, struct url_host *out,
                                     struct amqpext_error *error)
{
    struct bytes rest;
    uint32_t port;

    if (take_name(host, out, &rest, error) != AMQPEXT_OK)
        return AMQPEXT_EINVALID;
    if (rest.size == 0)
        return AMQPEXT_OK;
    if (rest.data[0] != ':')
        return wrong(error, "only a port may follow the ']' of a host");
    if (memchr(rest.data + 1, ':', rest.size - 1) != NULL)
        return wrong(error, "a host has two ports, or is an IPv6 address without brackets");
    rest = (struct bytes){rest.data + 1, rest.size - 1};
    if (!amqpext__url_number(rest, 1, UINT16_MAX, &port))
        return wrong(error, "a port is no number from 1 to 65535");
    out->port = (uint16_t)port;
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__url_next_host(struct bytes *hosts, struct url_host *out,
                                           struct amqpext_error *error)
{
    const char *comma = hosts->size == 0 ? NULL : memchr(hosts->data, ',', hosts->size);
    struct bytes first = *hosts;

    memset(out, 0, sizeof(*out));
    if (comma == NULL) {
        *hosts = (struct bytes){NULL, 0};
    } else {
        first.size = (size_t)(comma - hosts->data);
        *hosts = (struct bytes){comma + 1, hosts->size - first.size - 1};
    }
    return read_host(first, out, error);
}
