/* Statuses: their numbers are part of the ABI, each has a name. */
#include "test.h"

#include <promon/status.h>

static const struct {
    enum promon_status status;
    int number;
    const char *name;
} statuses[] = {
    {PROMON_OK, 0, "PROMON_OK"},
    {PROMON_ENOMEM, 4001, "PROMON_ENOMEM"},
    {PROMON_EINVALID, 4002, "PROMON_EINVALID"},
    {PROMON_ESTATE, 4003, "PROMON_ESTATE"},
    {PROMON_EEXISTS, 4004, "PROMON_EEXISTS"},
    {PROMON_ENOTFOUND, 4005, "PROMON_ENOTFOUND"},
    {PROMON_ELIMIT, 4006, "PROMON_ELIMIT"},
    {PROMON_ETIMEDOUT, 4007, "PROMON_ETIMEDOUT"},
    {PROMON_ERESOURCES, 4008, "PROMON_ERESOURCES"},
    {PROMON_ECONFIG, 4009, "PROMON_ECONFIG"},
    {PROMON_ESECRET, 4010, "PROMON_ESECRET"},
    {PROMON_EMODULE, 4011, "PROMON_EMODULE"},
    {PROMON_ELISTEN, 4012, "PROMON_ELISTEN"},
    {PROMON_ECONNECTION, 4013, "PROMON_ECONNECTION"},
    {PROMON_EREJECTED, 4014, "PROMON_EREJECTED"},
    {PROMON_EPROTOCOL, 4015, "PROMON_EPROTOCOL"},
};

#define N_STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static void statuses_keep_their_numbers(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_STATUSES; i++)
        assert_int_equal((int)statuses[i].status, statuses[i].number);
}

static void every_status_has_its_name(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_STATUSES; i++)
        assert_string_equal(promon_status_name(statuses[i].status), statuses[i].name);
}

static void number_that_is_no_status_is_named_so(void **state)
{
    (void)state;
    assert_string_equal(promon_status_name((enum promon_status)4000), "PROMON_E?");
    assert_string_equal(promon_status_name((enum promon_status)4016), "PROMON_E?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_keep_their_numbers),
        cmocka_unit_test(every_status_has_its_name),
        cmocka_unit_test(number_that_is_no_status_is_named_so),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
