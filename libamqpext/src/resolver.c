/*
 * Resolver: getaddrinfo on a detached thread.
 *
 * Invariant: the structure belongs to both sides until one has left under the lock; the other one
 * frees it. The descriptor is the owner's alone: it is closed when the owner leaves.
 */
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"
#include "url.h"

enum { NAME_SIZE = URL_HOST_MAX + sizeof("%123456789012345") };

struct resolver {
    pthread_mutex_t lock;
    bool is_answered, is_abandoned;
    int fd;
    char name[NAME_SIZE];
    char text[NAME_SIZE + sizeof("[]:65535")]; /* for errors */
    char port[sizeof("65535")];
    int failure; /* of getaddrinfo */
    int system_errno; /* with EAI_SYSTEM */
    struct addresses found;
};

/* Takes one address of a family out of the list, from `from` on; NULL: there is none. */
static const struct addrinfo *next_of(const struct addrinfo *from, int family, bool is_same)
{
    while (from != NULL && (from->ai_family == family) != is_same)
        from = from->ai_next;
    return from;
}

static void add(struct addresses *out, const struct addrinfo *from)
{
    struct address *address = &out->items[out->count];

    if (from->ai_addrlen > sizeof(address->socket))
        return;
    memcpy(&address->socket, from->ai_addr, from->ai_addrlen);
    address->size = from->ai_addrlen;
    out->count++;
}

/* Families by turns, as RFC 8305 has it, so that one that leads nowhere costs one head start. */
static void take_by_turns(const struct addrinfo *list, struct addresses *out)
{
    const int family = list->ai_family;
    const struct addrinfo *same = next_of(list, family, true);
    const struct addrinfo *other = next_of(list, family, false);

    out->count = 0;
    while ((same != NULL || other != NULL) && out->count < ADDRESSES_MAX) {
        if (same != NULL) {
            add(out, same);
            same = next_of(same->ai_next, family, true);
        }
        if (other != NULL && out->count < ADDRESSES_MAX) {
            add(out, other);
            other = next_of(other->ai_next, family, false);
        }
    }
}

static int look_up(const char *name, const char *port, int flags, struct addresses *out)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const int failure = getaddrinfo(name, port, &hints, &list);

    if (failure != 0)
        return failure;
    take_by_turns(list, out);
    freeaddrinfo(list);
    return out->count == 0 ? EAI_NONAME : 0;
}

bool amqpext__resolve_numeric(const struct host *host, struct addresses *out)
{
    char port[sizeof("65535")];

    snprintf(port, sizeof(port), "%u", (unsigned)host->port);
    return look_up(host->name, port, AI_NUMERICHOST, out) == 0;
}

static void destroy(struct resolver *resolver)
{
    pthread_mutex_destroy(&resolver->lock);
    free(resolver);
}

static void *answer(void *argument)
{
    struct resolver *resolver = argument;
    struct addresses found;
    const int failure = look_up(resolver->name, resolver->port, 0, &found);
    const int system_errno = errno;
    const uint64_t one = 1;
    bool is_abandoned;

    pthread_mutex_lock(&resolver->lock);
    is_abandoned = resolver->is_abandoned;
    if (!is_abandoned) {
        resolver->failure = failure;
        resolver->system_errno = system_errno;
        if (failure == 0)
            resolver->found = found;
        resolver->is_answered = true;
        /* A counter of 0 takes 1 without waiting. */
        (void)!write(resolver->fd, &one, sizeof(one));
    }
    pthread_mutex_unlock(&resolver->lock);
    if (is_abandoned)
        destroy(resolver);
    return NULL;
}

/* The host's signals are for the host's threads. Returns an errno value. */
static int start_thread(struct resolver *resolver)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    int failure = pthread_attr_init(&attributes);

    if (failure != 0)
        return failure;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&thread, &attributes, answer, resolver);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failure;
}

static enum amqpext_status start(struct resolver *resolver, struct amqpext_error *error)
{
    int failure;

    resolver->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (resolver->fd < 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, errno, "resolving a name: eventfd");
    failure = start_thread(resolver);
    if (failure == 0)
        return AMQPEXT_OK;
    close(resolver->fd);
    return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "resolving a name: thread");
}

enum amqpext_status amqpext__resolver_new(const struct host *host, struct resolver **out,
                                          struct amqpext_error *error)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    enum amqpext_status status;

    if (resolver == NULL)
        return amqpext__fail_memory(error);
    snprintf(resolver->name, sizeof(resolver->name), "%s", host->name);
    snprintf(resolver->text, sizeof(resolver->text), "%s", host->text);
    snprintf(resolver->port, sizeof(resolver->port), "%u", (unsigned)host->port);
    pthread_mutex_init(&resolver->lock, NULL);
    status = start(resolver, error);
    if (status != AMQPEXT_OK) {
        destroy(resolver);
        return status;
    }
    *out = resolver;
    return AMQPEXT_OK;
}

int amqpext__resolver_fd(const struct resolver *resolver)
{
    return resolver->fd;
}

/* gai_strerror would answer in the language of the host. */
static const char *reason(int failure)
{
    switch (failure) {
    case EAI_NONAME: return "there is no such name";
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return "the name has no address";
    case EAI_AGAIN: return "the name service does not answer";
    case EAI_FAIL: return "the name service has failed";
    default: return "the name cannot be resolved";
    }
}

static enum amqpext_status fail(const struct resolver *resolver, struct amqpext_error *error)
{
    char what[sizeof(resolver->text) + 32];

    if (resolver->failure == EAI_MEMORY)
        return amqpext__fail_memory(error);
    if (resolver->failure != EAI_SYSTEM)
        return amqpext__fail(error, AMQPEXT_ERESOLVE, "%s: %s", resolver->text,
                             reason(resolver->failure));
    snprintf(what, sizeof(what), "%s: resolving the name", resolver->text);
    return amqpext__fail_errno(error, AMQPEXT_ERESOLVE, resolver->system_errno, what);
}

enum dial_result amqpext__resolver_take(struct resolver *resolver, struct addresses *out,
                                        struct amqpext_error *error)
{
    enum dial_result result = DIAL_PENDING;

    pthread_mutex_lock(&resolver->lock);
    if (resolver->is_answered && resolver->failure == 0) {
        *out = resolver->found;
        result = DIAL_DONE;
    } else if (resolver->is_answered) {
        fail(resolver, error);
        result = DIAL_FAILED;
    }
    pthread_mutex_unlock(&resolver->lock);
    return result;
}

void amqpext__resolver_free(struct resolver *resolver)
{
    bool is_answered;

    if (resolver == NULL)
        return;
    pthread_mutex_lock(&resolver->lock);
    is_answered = resolver->is_answered;
    resolver->is_abandoned = true;
    close(resolver->fd);
    pthread_mutex_unlock(&resolver->lock);
    if (is_answered)
        destroy(resolver);
}
