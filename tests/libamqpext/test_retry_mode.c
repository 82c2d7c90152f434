/* What is asked of a broker for retries, by its version and by what it has refused. */
#include "test.h"

#include "retry_mode.h"

#define QUORUM \
    .is_quorum = true, .is_declared = true, .has_dead_letters = true, .is_tried_again = true

struct version {
    const char *name;
    struct broker broker;
    bool has_delayed, has_quorum_delays, has_silent_recovery;
    enum retry_extras for_quorum; /* in mode AUTO */
};

static const struct version versions[] = {
    {"3.9", {.major = 3, .minor = 9}, false, false, true, EXTRA_DEAD_LETTERS},
    {"3.10", {.major = 3, .minor = 10}, false, true, true, EXTRA_DEAD_LETTERS},
    {"3.13", {.major = 3, .minor = 13}, false, true, true, EXTRA_DEAD_LETTERS},
    {"4.0", {.major = 4, .minor = 0}, false, true, false, EXTRA_DEAD_LETTERS},
    {"4.2", {.major = 4, .minor = 2}, false, true, false, EXTRA_DEAD_LETTERS},
    {"4.3", {.major = 4, .minor = 3}, true, true, false, EXTRA_BOTH},
    {"4.10", {.major = 4, .minor = 10}, true, true, false, EXTRA_BOTH},
    {"5.0", {.major = 5, .minor = 0}, true, true, false, EXTRA_BOTH},
    {"no RabbitMQ", {.major = 0, .minor = 0}, false, false, false, EXTRA_DEAD_LETTERS},
};

enum { N_VERSIONS = sizeof(versions) / sizeof(versions[0]) };

static void versions_can_what_they_can(void **state)
{
    const struct retry_wishes wishes = {QUORUM};
    size_t i;

    (void)state;
    for (i = 0; i < N_VERSIONS; i++) {
        const struct version *version = &versions[i];
        enum retry_extras extras = EXTRA_NOTHING;

        if (amqpext__retry_has_delayed(&version->broker) != version->has_delayed ||
            amqpext__retry_has_quorum_delays(&version->broker) != version->has_quorum_delays ||
            amqpext__retry_has_silent_recovery(&version->broker) != version->has_silent_recovery ||
            !amqpext__retry_extras(&wishes, &version->broker, 0, &extras) ||
            extras != version->for_quorum)
            fail_msg("%s: extras %d", version->name, (int)extras);
    }
}

static void assert_order(const struct retry_wishes *wishes, const struct version *version,
                         const enum retry_extras *expected, size_t n)
{
    enum retry_extras extras = EXTRA_NOTHING;
    unsigned refused = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        assert_true(amqpext__retry_extras(wishes, &version->broker, refused, &extras));
        assert_int_equal(extras, expected[i]);
        refused |= 1u << extras;
    }
    assert_false(amqpext__retry_extras(wishes, &version->broker, refused, &extras));
}

#define ASSERT_ORDER(wishes, version, ...)                                      \
    assert_order((wishes), (version), (const enum retry_extras[]){__VA_ARGS__}, \
                 sizeof((const enum retry_extras[]){__VA_ARGS__}) / sizeof(enum retry_extras))

static const struct version *old = &versions[1];
static const struct version *new = &versions[5];
static const struct version *unknown = &versions[N_VERSIONS - 1];

static void what_is_refused_is_tried_with_less(void **state)
{
    const struct retry_wishes wishes = {QUORUM};

    (void)state;
    ASSERT_ORDER(&wishes, new, EXTRA_BOTH, EXTRA_DELAYED_RETRY, EXTRA_DEAD_LETTERS, EXTRA_NOTHING);
    ASSERT_ORDER(&wishes, old, EXTRA_DEAD_LETTERS, EXTRA_NOTHING);
    ASSERT_ORDER(&wishes, unknown, EXTRA_DEAD_LETTERS, EXTRA_NOTHING);
}

static void classic_queues_get_nothing(void **state)
{
    struct retry_wishes wishes = {QUORUM};

    (void)state;
    wishes.is_quorum = false;
    ASSERT_ORDER(&wishes, new, EXTRA_NOTHING);
    ASSERT_ORDER(&wishes, old, EXTRA_NOTHING);
}

static void queues_that_are_given_get_nothing(void **state)
{
    struct retry_wishes wishes = {QUORUM};

    (void)state;
    wishes.is_declared = false;
    ASSERT_ORDER(&wishes, new, EXTRA_NOTHING);
    wishes.mode = AMQPEXT_RETRY_NATIVE;
    ASSERT_ORDER(&wishes, new, EXTRA_NOTHING);
}

static void modes_limit_what_is_asked(void **state)
{
    struct retry_wishes wishes = {.mode = AMQPEXT_RETRY_QUEUES, QUORUM};

    (void)state;
    ASSERT_ORDER(&wishes, new, EXTRA_DEAD_LETTERS, EXTRA_NOTHING);
    wishes.mode = AMQPEXT_RETRY_NATIVE;
    ASSERT_ORDER(&wishes, new, EXTRA_BOTH, EXTRA_DELAYED_RETRY);
    /* Who cannot tell its version may have it. */
    ASSERT_ORDER(&wishes, unknown, EXTRA_BOTH, EXTRA_DELAYED_RETRY);
    wishes.has_dead_letters = false;
    ASSERT_ORDER(&wishes, new, EXTRA_DELAYED_RETRY);
    wishes.mode = AMQPEXT_RETRY_AUTO;
    ASSERT_ORDER(&wishes, new, EXTRA_DELAYED_RETRY, EXTRA_NOTHING);
}

static void without_retries_only_dead_letters_are_asked_for(void **state)
{
    struct retry_wishes wishes = {QUORUM};

    (void)state;
    wishes.is_tried_again = false;
    ASSERT_ORDER(&wishes, new, EXTRA_DEAD_LETTERS, EXTRA_NOTHING);
    wishes.mode = AMQPEXT_RETRY_NATIVE;
    ASSERT_ORDER(&wishes, new, EXTRA_DEAD_LETTERS, EXTRA_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_can_what_they_can),
        cmocka_unit_test(what_is_refused_is_tried_with_less),
        cmocka_unit_test(classic_queues_get_nothing),
        cmocka_unit_test(queues_that_are_given_get_nothing),
        cmocka_unit_test(modes_limit_what_is_asked),
        cmocka_unit_test(without_retries_only_dead_letters_are_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
