/*
 * Names: getaddrinfo, as the library linked into a test program finds it.
 */
#include "transport/names.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>

#include "test.h"

typedef int (*getaddrinfo_fn)(const char *node, const char *service, const struct addrinfo *hints,
                              struct addrinfo **out);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *const *answers;
static int planned_failure, planned_errno;
static bool is_held;
static unsigned n_done;

static void set(const char *const *addresses, int failure, int system_errno)
{
    pthread_mutex_lock(&lock);
    answers = addresses;
    planned_failure = failure;
    planned_errno = system_errno;
    pthread_mutex_unlock(&lock);
}

void names_answer(const char *const *addresses)
{
    set(addresses, 0, 0);
}

void names_fail(int failure, int system_errno)
{
    set(NULL, failure, system_errno);
}

void names_hold(void)
{
    pthread_mutex_lock(&lock);
    is_held = true;
    pthread_mutex_unlock(&lock);
}

void names_release(void)
{
    pthread_mutex_lock(&lock);
    is_held = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

unsigned names_done(void)
{
    unsigned count;

    pthread_mutex_lock(&lock);
    count = n_done;
    pthread_mutex_unlock(&lock);
    return count;
}

void names_wait_done(unsigned count)
{
    pthread_mutex_lock(&lock);
    while (n_done < count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static int ask_system(const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **out)
{
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    getaddrinfo_fn real;

    memcpy(&real, &symbol, sizeof(real));
    return real(node, service, hints, out);
}

/* One list of one for each address, hung together: freeaddrinfo frees it in one go. */
static int answer(const char *const *addresses, const char *service, const struct addrinfo *hints,
                  struct addrinfo **out)
{
    struct addrinfo numeric = *hints, **end = out;

    numeric.ai_flags |= AI_NUMERICHOST;
    for (; *addresses != NULL; addresses++) {
        const int failure = ask_system(*addresses, service, &numeric, end);

        if (failure != 0)
            return failure;
        end = &(*end)->ai_next;
    }
    return 0;
}

/* What was planned when the answer is due. */
static int ask_plan(const char *node, const char *service, const struct addrinfo *hints,
                    struct addrinfo **out)
{
    const char *const *addresses;
    int failure, system_errno;

    pthread_mutex_lock(&lock);
    while (is_held)
        pthread_cond_wait(&changed, &lock);
    addresses = answers;
    failure = planned_failure;
    system_errno = planned_errno;
    pthread_mutex_unlock(&lock);
    if (failure == 0)
        return addresses == NULL ? ask_system(node, service, hints, out)
                                 : answer(addresses, service, hints, out);
    errno = system_errno;
    return failure;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    int failure, system_errno;

    if (hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0)
        return ask_system(node, service, hints, out);
    failure = ask_plan(node, service, hints, out);
    system_errno = errno;
    pthread_mutex_lock(&lock);
    n_done++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    errno = system_errno;
    return failure;
}
