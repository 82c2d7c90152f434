/*
 * Resolver: getaddrinfo on a detached thread, which is left behind when it takes too long.
 *
 * Invariant: a lookup belongs to both sides until one has left under the lock; the other one frees
 * it, and the addresses that nobody took. The number of lookups left behind is of the process, as
 * the threads are; in the child of a fork there are none, so that it is kept with the process id.
 */
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <promon/cell.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "thread.h"
#include "wait.h"

enum { HOST_BYTES = 256 + 32 }; /* a name of DNS, or an address with its zone */

struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool is_answered, is_abandoned;
    char host[HOST_BYTES];
    char port[sizeof("65535")];
    int family;
    int failure; /* of getaddrinfo */
    int system_errno; /* with EAI_SYSTEM */
    struct addrinfo *found;
};

/* The process id in the upper half, the number in the lower one. */
static atomic_uint_least64_t lost_lookups;

static uint64_t lost_of(uint64_t state)
{
    const uint64_t here = (uint64_t)(uint32_t)getpid() << 32;

    return (state & ~UINT64_C(0xffffffff)) == here ? state : here;
}

unsigned promon__lost_lookups(void)
{
    return (unsigned)(lost_of(atomic_load(&lost_lookups)) & UINT32_MAX);
}

static void lose(bool is_lost)
{
    uint64_t seen = atomic_load(&lost_lookups), next;

    do {
        next = lost_of(seen);
        if (is_lost)
            next++;
        else if ((next & UINT32_MAX) > 0)
            next--;
    } while (!atomic_compare_exchange_weak(&lost_lookups, &seen, next));
}

static int look_up(const char *host, const char *port, int family, int flags, struct addrinfo **out)
{
    const struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};

    return getaddrinfo(host, port, &hints, out);
}

static void destroy(struct lookup *lookup)
{
    promon__addresses_free(lookup->found);
    pthread_cond_destroy(&lookup->answered);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

static void *answer(void *argument)
{
    struct lookup *lookup = argument;
    struct addrinfo *found = NULL;
    const int failure = look_up(lookup->host, lookup->port, lookup->family, 0, &found);
    const int system_errno = errno;
    bool is_abandoned;

    pthread_mutex_lock(&lookup->lock);
    lookup->failure = failure;
    lookup->system_errno = system_errno;
    lookup->found = failure == 0 ? found : NULL;
    lookup->is_answered = true;
    is_abandoned = lookup->is_abandoned;
    pthread_cond_signal(&lookup->answered);
    pthread_mutex_unlock(&lookup->lock);
    if (is_abandoned) {
        destroy(lookup);
        lose(false);
    }
    return NULL;
}

static struct lookup *lookup_new(const struct promon_target *target, const char *port)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (lookup == NULL)
        return NULL;
    promon__condition_init(&lookup->answered);
    pthread_mutex_init(&lookup->lock, NULL);
    snprintf(lookup->host, sizeof(lookup->host), "%s", target->host);
    snprintf(lookup->port, sizeof(lookup->port), "%s", port);
    lookup->family = target->family;
    return lookup;
}

/* Returns whether there is an answer; if not, the lookup is the thread's. */
static bool wait_for_answer(struct lookup *lookup, int64_t deadline_ns)
{
    bool is_answered;

    pthread_mutex_lock(&lookup->lock);
    while (!lookup->is_answered)
        if (!condition_wait(&lookup->answered, &lookup->lock, deadline_ns))
            break;
    is_answered = lookup->is_answered;
    lookup->is_abandoned = !is_answered;
    if (!is_answered)
        lose(true);
    pthread_mutex_unlock(&lookup->lock);
    return is_answered;
}

/* gai_strerror would answer in the language of the host. */
static const char *why(int failure)
{
    switch (failure) {
    case EAI_NONAME: return "there is no such name";
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return "the name has no address of that kind";
    case EAI_AGAIN: return "the name service does not answer";
    case EAI_FAIL: return "the name service has failed";
    default: return "the name cannot be resolved";
    }
}

static enum promon_verdict fail(const char *host, int failure, int system_errno,
                                struct promon_result *result)
{
    struct promon_error error = PROMON_ERROR_INIT;

    if (failure == EAI_MEMORY || (failure == EAI_SYSTEM && system_errno == ENOMEM))
        return promon_result_fail(result, PROMON_REASON_INTERNAL, "resolving %s: out of memory",
                                  host);
    if (failure != EAI_SYSTEM)
        return promon_result_fail(result, PROMON_REASON_DNS, "%s: %s", host, why(failure));
    promon__fail_errno(&error, PROMON_ECONNECTION, system_errno, "the name service");
    return promon_result_fail(result,
                              system_errno == EMFILE || system_errno == ENFILE
                                  ? PROMON_REASON_INTERNAL
                                  : PROMON_REASON_DNS,
                              "resolving %s: %s", host, error.message);
}

static enum promon_verdict finish(struct lookup *lookup, struct promon_result *result,
                                  struct addrinfo **out)
{
    enum promon_verdict verdict = PROMON_UP;

    if (lookup->failure == 0) {
        *out = lookup->found;
        lookup->found = NULL;
    } else {
        verdict = fail(lookup->host, lookup->failure, lookup->system_errno, result);
    }
    destroy(lookup);
    return verdict;
}

static enum promon_verdict resolve_name(const struct promon_target *target, const char *port,
                                        int64_t deadline_ns, struct promon_result *result,
                                        struct addrinfo **out)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct lookup *lookup;
    pthread_t thread;

    if (promon__lost_lookups() >= PROMON__MAX_LOST_LOOKUPS)
        return promon_result_fail(result, PROMON_REASON_DNS,
                                  "resolving %s: %d earlier lookups have not been answered yet",
                                  target->host, PROMON__MAX_LOST_LOOKUPS);
    lookup = lookup_new(target, port);
    if (lookup == NULL)
        return promon_result_fail(result, PROMON_REASON_INTERNAL, "resolving %s: out of memory",
                                  target->host);
    if (promon__thread_start(&thread, answer, lookup, &error) != PROMON_OK) {
        destroy(lookup);
        return promon_result_fail(result, PROMON_REASON_INTERNAL, "resolving %s: %s", target->host,
                                  error.message);
    }
    pthread_detach(thread);
    if (wait_for_answer(lookup, deadline_ns))
        return finish(lookup, result, out);
    return promon_result_fail(result, PROMON_REASON_DNS, "resolving %s: no answer in time",
                              target->host);
}

enum promon_verdict promon__resolve(const struct promon_target *target, int64_t deadline_ns,
                                    struct promon_result *result, struct addrinfo **out)
{
    const int64_t begin_ns = promon_now_ns();
    struct addrinfo *found = NULL;
    enum promon_verdict verdict = PROMON_UP;
    char port[sizeof("65535")];

    *out = NULL;
    if (target->host == NULL || target->host[0] == '\0' || strlen(target->host) >= HOST_BYTES)
        return promon_result_fail(result, PROMON_REASON_INTERNAL,
                                  "the name of a host is empty or too long");
    snprintf(port, sizeof(port), "%u", target->port & 0xffff);
    if (look_up(target->host, port, target->family, AI_NUMERICHOST, &found) != 0)
        verdict = resolve_name(target, port, deadline_ns, result, &found);
    promon_result_phase(result, PROMON_PHASE_RESOLVE, promon_now_ns() - begin_ns);
    if (verdict == PROMON_UP)
        *out = found;
    return verdict;
}

void promon__addresses_free(struct addrinfo *addresses)
{
    if (addresses != NULL)
        freeaddrinfo(addresses);
}
