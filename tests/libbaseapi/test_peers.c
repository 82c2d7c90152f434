/*
 * Counting connections.
 */
#include "test.h"

#include <stdio.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "peers.h"

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;

    memset(&address, 0, sizeof(address));
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
    }
    return address;
}

static bool enter(struct peers *peers, const char *text)
{
    const struct sockaddr_storage address = address_of(text);

    return baseapi__peers_enter(peers, (const struct sockaddr *)&address);
}

static void leave(struct peers *peers, const char *text)
{
    const struct sockaddr_storage address = address_of(text);

    baseapi__peers_leave(peers, (const struct sockaddr *)&address);
}

static void total_is_kept_to_the_last_connection(void **state)
{
    struct peers *peers = baseapi__peers_new(2, 0);

    (void)state;
    assert_true(enter(peers, "10.0.0.1"));
    assert_true(enter(peers, "10.0.0.1"));
    assert_false(enter(peers, "10.0.0.2"));
    leave(peers, "10.0.0.1");
    assert_true(enter(peers, "10.0.0.2"));
    baseapi__peers_free(peers);
}

static void total_may_be_lowered(void **state)
{
    struct peers *peers = baseapi__peers_new(3, 1);

    (void)state;
    baseapi__peers_set_total(peers, 1);
    assert_true(enter(peers, "10.0.0.1"));
    assert_false(enter(peers, "10.0.0.2"));
    baseapi__peers_set_total(peers, 2);
    assert_true(enter(peers, "10.0.0.2"));
    baseapi__peers_free(peers);
}

static void each_address_has_its_own_count(void **state)
{
    struct peers *peers = baseapi__peers_new(100, 2);

    (void)state;
    assert_true(enter(peers, "10.0.0.1"));
    assert_true(enter(peers, "10.0.0.1"));
    assert_false(enter(peers, "10.0.0.1"));
    assert_true(enter(peers, "2001:db8::1"));
    assert_true(enter(peers, "2001:db8::1"));
    assert_false(enter(peers, "2001:db8::1"));
    leave(peers, "10.0.0.1");
    assert_true(enter(peers, "10.0.0.1"));
    baseapi__peers_free(peers);
}

static void mapped_address_is_the_same_client(void **state)
{
    struct peers *peers = baseapi__peers_new(100, 1);

    (void)state;
    assert_true(enter(peers, "10.0.0.1"));
    assert_false(enter(peers, "::ffff:10.0.0.1"));
    baseapi__peers_free(peers);
}

static void refused_connection_is_not_counted(void **state)
{
    struct peers *peers = baseapi__peers_new(2, 1);

    (void)state;
    assert_true(enter(peers, "10.0.0.1"));
    assert_false(enter(peers, "10.0.0.1"));
    assert_true(enter(peers, "10.0.0.2"));
    baseapi__peers_free(peers);
}

/* Comings and goings of many addresses, beside a plain array that counts them. */
static void table_agrees_with_plain_counting(void **state)
{
    enum { ADDRESSES = 200, LIMIT = 3 };
    struct peers *peers = baseapi__peers_new(128, LIMIT);
    unsigned counts[ADDRESSES] = {0};
    unsigned total = 0;
    unsigned seed = 7;
    int round;

    (void)state;
    for (round = 0; round < 20000; round++) {
        char text[32];
        unsigned which;

        seed = seed * 1103515245U + 12345U;
        which = (seed >> 16) % ADDRESSES;
        snprintf(text, sizeof(text), "10.1.%u.%u", which % 7, which);
        if ((seed >> 8) % 2 == 0) {
            const bool expected = total < 128 && counts[which] < LIMIT;

            assert_int_equal(enter(peers, text), expected);
            counts[which] += expected;
            total += expected;
        } else if (counts[which] != 0) {
            leave(peers, text);
            counts[which]--;
            total--;
        }
    }
    baseapi__peers_free(peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(total_is_kept_to_the_last_connection),
        cmocka_unit_test(total_may_be_lowered),
        cmocka_unit_test(each_address_has_its_own_count),
        cmocka_unit_test(mapped_address_is_the_same_client),
        cmocka_unit_test(refused_connection_is_not_counted),
        cmocka_unit_test(table_agrees_with_plain_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
