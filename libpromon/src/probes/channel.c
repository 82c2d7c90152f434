/*
 * Channel: a socket that never waits, or TLS over it, and poll until the deadline.
 *
 * Invariant: the deadline is looked at before each read, so that a peer that sends a byte now and
 * then does not hold a check up.
 */
#include "channel.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What an attempt to read or write came to, when it moved nothing. */
enum attempt { ATTEMPT_WAIT_READ, ATTEMPT_WAIT_WRITE, ATTEMPT_AGAIN, ATTEMPT_END };

void promon__channel_init(struct promon__channel *channel, const struct promon_host *host)
{
    memset(channel, 0, sizeof(*channel));
    channel->host = host;
    channel->fd = -1;
}

bool promon__channel_keeps(const struct promon_host *host, const struct promon_params *params,
                           bool *keeps)
{
    const char *connect = host->param_string(params, "connect", "fresh");

    *keeps = strcmp(connect, "keep") == 0;
    return *keeps || strcmp(connect, "fresh") == 0;
}

void promon__channel_resume(struct promon__channel *channel, int64_t deadline_ns,
                            struct promon_result *result)
{
    channel->deadline_ns = deadline_ns;
    channel->result = result;
    channel->closed_as = PROMON_REASON_NONE;
    channel->stage = NULL;
    channel->reason = PROMON_REASON_NONE;
    channel->why[0] = '\0';
    channel->is_broken = false;
}

enum promon_verdict promon__channel_open(struct promon__channel *channel,
                                         const struct promon_target *target, int64_t deadline_ns,
                                         struct promon_result *result)
{
    promon__channel_close(channel);
    promon__channel_resume(channel, deadline_ns, result);
    return channel->host->connect(target, deadline_ns, result, &channel->fd);
}

void promon__channel_close(struct promon__channel *channel)
{
    if (channel->fd < 0)
        return;
    if (channel->ssl != NULL && SSL_is_init_finished(channel->ssl))
        (void)SSL_shutdown(channel->ssl);
    SSL_free(channel->ssl);
    ERR_clear_error();
    close(channel->fd);
    channel->ssl = NULL;
    channel->fd = -1;
}

bool promon__channel_is_idle(const struct promon__channel *channel)
{
    char byte;
    bool is_idle;

    if (channel->fd < 0)
        return false;
    if (channel->ssl == NULL)
        return recv(channel->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
               (errno == EAGAIN || errno == EWOULDBLOCK);
    ERR_clear_error();
    is_idle = SSL_get_error(channel->ssl, SSL_peek(channel->ssl, &byte, 1)) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return is_idle;
}

static void make_one_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

bool promon__channel_trouble(struct promon__channel *channel, enum promon_reason reason,
                             const char *format, ...)
{
    va_list arguments;

    if (channel->reason != PROMON_REASON_NONE)
        return false;
    channel->reason = reason;
    va_start(arguments, format);
    (void)vsnprintf(channel->why, sizeof(channel->why), format, arguments);
    va_end(arguments);
    make_one_line(channel->why);
    return false;
}

enum promon_verdict promon__channel_fail(const struct promon__channel *channel)
{
    return channel->host->fail(channel->result, channel->reason, "%s", channel->why);
}

static bool fail_closed(struct promon__channel *channel)
{
    const bool is_first = channel->reason == PROMON_REASON_NONE;

    (void)promon__channel_trouble(
        channel, channel->closed_as != 0 ? channel->closed_as : PROMON_REASON_PROTOCOL,
        "it closed the connection%s%s", channel->stage != NULL ? " " : "",
        channel->stage != NULL ? channel->stage : "");
    channel->is_broken = channel->is_broken || is_first;
    return false;
}

static bool fail_late(struct promon__channel *channel)
{
    return promon__channel_trouble(channel, PROMON_REASON_TIMEOUT, "no answer in time%s%s",
                                   channel->stage != NULL ? " " : "",
                                   channel->stage != NULL ? channel->stage : "");
}

static enum attempt attempt_of_socket(bool reads)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return reads ? ATTEMPT_WAIT_READ : ATTEMPT_WAIT_WRITE;
    return errno == EINTR ? ATTEMPT_AGAIN : ATTEMPT_END;
}

static enum attempt attempt_of_ssl(const SSL *ssl, int done)
{
    switch (SSL_get_error(ssl, done)) {
    case SSL_ERROR_WANT_READ: return ATTEMPT_WAIT_READ;
    case SSL_ERROR_WANT_WRITE: return ATTEMPT_WAIT_WRITE;
    default: return ATTEMPT_END;
    }
}

/* Whether it is worth another attempt. */
static bool waited(struct promon__channel *channel, enum attempt attempt)
{
    const int events = attempt == ATTEMPT_WAIT_READ ? POLLIN : POLLOUT;

    if (attempt == ATTEMPT_END)
        return fail_closed(channel);
    if (attempt != ATTEMPT_AGAIN &&
        channel->host->wait(channel->fd, events, channel->deadline_ns) == 0)
        return fail_late(channel);
    return true;
}

bool promon__channel_send(struct promon__channel *channel, const void *data, size_t size)
{
    const char *from = data;

    while (size > 0) {
        ssize_t sent;

        ERR_clear_error();
        sent = channel->ssl != NULL ? SSL_write(channel->ssl, from, (int)size)
                                    : send(channel->fd, from, size, MSG_NOSIGNAL);
        if (sent > 0) {
            from += sent;
            size -= (size_t)sent;
        } else if (!waited(channel, channel->ssl != NULL ? attempt_of_ssl(channel->ssl, (int)sent)
                                                         : attempt_of_socket(false))) {
            return false;
        }
    }
    return true;
}

size_t promon__channel_some(struct promon__channel *channel, void *out, size_t size)
{
    for (;;) {
        enum attempt attempt;
        ssize_t received;

        if (channel->host->now_ns() >= channel->deadline_ns)
            return fail_late(channel);
        ERR_clear_error();
        received = channel->ssl != NULL ? SSL_read(channel->ssl, out, (int)size)
                                        : recv(channel->fd, out, size, 0);
        if (received > 0)
            return (size_t)received;
        if (channel->ssl != NULL)
            attempt = attempt_of_ssl(channel->ssl, (int)received);
        else
            attempt = received == 0 ? ATTEMPT_END : attempt_of_socket(true);
        if (!waited(channel, attempt))
            return 0;
    }
}

bool promon__channel_read(struct promon__channel *channel, void *out, size_t size)
{
    char *to = out;

    while (size > 0) {
        const size_t received = promon__channel_some(channel, to, size);

        if (received == 0)
            return false;
        to += received;
        size -= received;
    }
    return true;
}

static bool fail_handshake(struct promon__channel *channel, struct promon__secure *secure)
{
    const unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

    if (promon__certificate_is_refused(&secure->certificate)) {
        (void)promon__channel_trouble(channel, promon__certificate_reason(&secure->certificate),
                                      "certificate \"%s\": %s", secure->certificate.subject,
                                      promon__certificate_failure(&secure->certificate));
        return false;
    }
    return promon__channel_trouble(channel, PROMON_REASON_PROTOCOL, "the TLS handshake failed: %s",
                                   reason != NULL ? reason : "it closed the connection");
}

static bool shake_hands(struct promon__channel *channel, struct promon__secure *secure)
{
    for (;;) {
        enum attempt attempt;
        int done;

        ERR_clear_error();
        done = SSL_connect(channel->ssl);
        if (done == 1)
            return true;
        attempt = attempt_of_ssl(channel->ssl, done);
        if (attempt == ATTEMPT_END)
            return fail_handshake(channel, secure);
        if (channel->host->now_ns() >= channel->deadline_ns ||
            channel->host->wait(channel->fd, attempt == ATTEMPT_WAIT_READ ? POLLIN : POLLOUT,
                                channel->deadline_ns) == 0)
            return promon__channel_trouble(channel, PROMON_REASON_CONNECT_TIMEOUT,
                                           "the TLS handshake was not over in time");
    }
}

bool promon__channel_secure(struct promon__channel *channel, struct promon__secure *secure)
{
    const int64_t begin_ns = channel->host->now_ns();
    bool is_done;

    channel->ssl = promon__secure_begin(secure, channel->fd);
    if (channel->ssl == NULL)
        return promon__channel_trouble(channel, PROMON_REASON_INTERNAL, "out of memory");
    is_done = shake_hands(channel, secure);
    ERR_clear_error();
    channel->host->phase(channel->result, PROMON_PHASE_TLS, channel->host->now_ns() - begin_ns);
    promon__certificate_tell(&secure->certificate, channel->host, channel->result);
    if (is_done)
        channel->host->note(channel->result, "%s, %s", SSL_get_version(channel->ssl),
                            SSL_get_cipher_name(channel->ssl));
    return is_done;
}
