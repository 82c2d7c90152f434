/*
 * Resolving: digits at once, names on a thread that nobody waits for longer than the deadline.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <promon/cell.h>
#include <pthread.h>
#include <unistd.h>

#include "test.h"

#include "resolver.h"
#include "result_state.h"

#define SECOND_NS INT64_C(1000000000)

typedef int (*getaddrinfo_fn)(const char *node, const char *service, const struct addrinfo *hints,
                              struct addrinfo **out);

/* The name service of this program: fails as planned, is held, or is the system's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_held;
static int planned_failure, planned_errno;
static unsigned n_asked;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    getaddrinfo_fn real;
    int failure = 0;

    memcpy(&real, &symbol, sizeof(real));
    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return real(node, service, hints, out);
    pthread_mutex_lock(&lock);
    n_asked++;
    while (is_held)
        pthread_cond_wait(&changed, &lock);
    failure = planned_failure;
    errno = planned_errno;
    pthread_mutex_unlock(&lock);
    return failure != 0 ? failure : real(node, service, hints, out);
}

static void plan(int failure, int system_errno)
{
    pthread_mutex_lock(&lock);
    planned_failure = failure;
    planned_errno = system_errno;
    pthread_mutex_unlock(&lock);
}

static void hold(bool holds)
{
    pthread_mutex_lock(&lock);
    is_held = holds;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static unsigned asked(void)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = n_asked;
    pthread_mutex_unlock(&lock);
    return n;
}

static void wait_until_none_is_lost(void)
{
    while (promon__lost_lookups() > 0)
        usleep(1000);
}

static struct promon_result result;

static enum promon_verdict resolve(const char *host, int family, int64_t timeout_ns,
                                   struct addrinfo **out)
{
    const struct promon_target target = {
        .size = sizeof(target), .host = host, .port = 6379, .family = family};
    const enum promon_verdict verdict =
        (promon__result_reset(&result),
         promon__resolve(&target, promon_now_ns() + timeout_ns, &result, out));

    promon__result_finish(&result, verdict);
    return verdict;
}

static void digits_need_no_thread(void **state)
{
    struct addrinfo *list = NULL;
    const unsigned before = asked();
    char text[INET6_ADDRSTRLEN];

    (void)state;
    hold(true);
    assert_int_equal(resolve("127.0.0.1", AF_UNSPEC, SECOND_NS, &list), PROMON_UP);
    assert_int_equal(ntohs(((struct sockaddr_in *)(void *)list->ai_addr)->sin_port), 6379);
    assert_null(list->ai_next);
    promon__addresses_free(list);
    assert_int_equal(resolve("::1", AF_UNSPEC, SECOND_NS, &list), PROMON_UP);
    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)(void *)list->ai_addr)->sin6_addr, text,
              sizeof(text));
    assert_string_equal(text, "::1");
    promon__addresses_free(list);
    hold(false);
    assert_int_equal(asked(), before);
    assert_true(result.phases_ns[PROMON_PHASE_RESOLVE] >= 0);
}

static void the_system_knows_this_machine(void **state)
{
    struct addrinfo *list = NULL;

    (void)state;
    plan(0, 0);
    assert_int_equal(resolve("localhost", AF_INET, 60 * SECOND_NS, &list), PROMON_UP);
    assert_int_equal(list->ai_family, AF_INET);
    promon__addresses_free(list);
}

static void a_name_service_that_never_answers_takes_no_longer_than_the_deadline(void **state)
{
    struct addrinfo *list = NULL;
    const int64_t begin_ns = promon_now_ns();

    (void)state;
    hold(true);
    assert_int_equal(resolve("backend.example", AF_UNSPEC, SECOND_NS / 10, &list), PROMON_DOWN);
    assert_true(promon_now_ns() - begin_ns >= SECOND_NS / 10);
    assert_true(promon_now_ns() - begin_ns < 30 * SECOND_NS);
    assert_int_equal(result.reason, PROMON_REASON_DNS);
    assert_string_equal(result.message, "resolving backend.example: no answer in time");
    assert_true(result.phases_ns[PROMON_PHASE_RESOLVE] >= SECOND_NS / 10);
    assert_int_equal(promon__lost_lookups(), 1);
    assert_null(list);
    hold(false);
    wait_until_none_is_lost();
}

static void so_many_lookups_are_left_behind_and_no_more(void **state)
{
    struct addrinfo *list = NULL;
    unsigned i, before;

    (void)state;
    hold(true);
    for (i = 0; i < PROMON__MAX_LOST_LOOKUPS; i++)
        assert_int_equal(resolve("backend.example", AF_UNSPEC, 1000000, &list), PROMON_DOWN);
    assert_int_equal(promon__lost_lookups(), PROMON__MAX_LOST_LOOKUPS);
    before = asked();
    assert_int_equal(resolve("backend.example", AF_UNSPEC, 60 * SECOND_NS, &list), PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_DNS);
    assert_non_null(strstr(result.message, "32 earlier lookups have not been answered"));
    assert_true(asked() <= before + PROMON__MAX_LOST_LOOKUPS);
    hold(false);
    wait_until_none_is_lost();
    plan(EAI_NONAME, 0);
    assert_int_equal(resolve("backend.example", AF_UNSPEC, 60 * SECOND_NS, &list), PROMON_DOWN);
    assert_string_equal(result.message, "backend.example: there is no such name");
}

static void failures_of_the_name_service_are_told_apart(void **state)
{
    static const struct {
        int failure, system_errno;
        enum promon_verdict verdict;
        enum promon_reason reason;
        const char *message;
    } rows[] = {
        {EAI_NONAME, 0, PROMON_DOWN, PROMON_REASON_DNS, "a.example: there is no such name"},
        {EAI_AGAIN, 0, PROMON_DOWN, PROMON_REASON_DNS,
         "a.example: the name service does not answer"},
        {EAI_FAIL, 0, PROMON_DOWN, PROMON_REASON_DNS, "a.example: the name service has failed"},
        {EAI_NODATA, 0, PROMON_DOWN, PROMON_REASON_DNS,
         "a.example: the name has no address of that kind"},
        {EAI_SYSTEM, ECONNREFUSED, PROMON_DOWN, PROMON_REASON_DNS,
         "resolving a.example: the name service: Connection refused"},
        {EAI_SYSTEM, EMFILE, PROMON_ERROR, PROMON_REASON_INTERNAL,
         "resolving a.example: the name service: Too many open files"},
        {EAI_MEMORY, 0, PROMON_ERROR, PROMON_REASON_INTERNAL, "resolving a.example: out of memory"},
    };
    struct addrinfo *list = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plan(rows[i].failure, rows[i].system_errno);
        assert_int_equal(resolve("a.example", AF_UNSPEC, 60 * SECOND_NS, &list), rows[i].verdict);
        assert_int_equal(result.reason, rows[i].reason);
        assert_string_equal(result.message, rows[i].message);
    }
    plan(0, 0);
}

static void what_is_no_name_is_refused(void **state)
{
    struct addrinfo *list = NULL;
    char endless[2000];

    (void)state;
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    list = (struct addrinfo *)(void *)endless;
    assert_int_equal(resolve("", AF_UNSPEC, SECOND_NS, &list), PROMON_ERROR);
    assert_null(list);
    assert_int_equal(resolve(endless, AF_UNSPEC, SECOND_NS, &list), PROMON_ERROR);
    promon__addresses_free(NULL);
}

static void resolve_once(void *context)
{
    struct addrinfo *list = NULL;

    (void)context;
    if (resolve("localhost", AF_INET, 60 * SECOND_NS, &list) != PROMON_UP)
        assert_true(result.verdict == PROMON_ERROR || result.reason == PROMON_REASON_DNS);
    promon__addresses_free(list);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(resolve_once, NULL) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_need_no_thread),
        cmocka_unit_test(the_system_knows_this_machine),
        cmocka_unit_test(a_name_service_that_never_answers_takes_no_longer_than_the_deadline),
        cmocka_unit_test(so_many_lookups_are_left_behind_and_no_more),
        cmocka_unit_test(failures_of_the_name_service_are_told_apart),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
