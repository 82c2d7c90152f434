/* Statuses: their numbers are part of the ABI, each has a name, some pass by themselves. */
#include "test.h"

#include <amqpext/status.h>

static const struct {
    enum amqpext_status status;
    int number;
    const char *name;
} statuses[] = {
    {AMQPEXT_OK, 0, "AMQPEXT_OK"},
    {AMQPEXT_ENOMEM, 1001, "AMQPEXT_ENOMEM"},
    {AMQPEXT_EINVALID, 1002, "AMQPEXT_EINVALID"},
    {AMQPEXT_ESTATE, 1003, "AMQPEXT_ESTATE"},
    {AMQPEXT_ECLOSED, 1004, "AMQPEXT_ECLOSED"},
    {AMQPEXT_ELIMIT, 1005, "AMQPEXT_ELIMIT"},
    {AMQPEXT_ETOOLARGE, 1006, "AMQPEXT_ETOOLARGE"},
    {AMQPEXT_ETIMEDOUT, 1007, "AMQPEXT_ETIMEDOUT"},
    {AMQPEXT_ECANCELLED, 1008, "AMQPEXT_ECANCELLED"},
    {AMQPEXT_EBLOCKED, 1009, "AMQPEXT_EBLOCKED"},
    {AMQPEXT_ESTALE, 1010, "AMQPEXT_ESTALE"},
    {AMQPEXT_ERESOLVE, 1011, "AMQPEXT_ERESOLVE"},
    {AMQPEXT_ECONNECTION, 1012, "AMQPEXT_ECONNECTION"},
    {AMQPEXT_EPROTOCOL, 1013, "AMQPEXT_EPROTOCOL"},
    {AMQPEXT_ERESOURCES, 1014, "AMQPEXT_ERESOURCES"},
    {AMQPEXT_EAUTH, 1015, "AMQPEXT_EAUTH"},
    {AMQPEXT_EVHOST, 1016, "AMQPEXT_EVHOST"},
    {AMQPEXT_ETLS, 1017, "AMQPEXT_ETLS"},
    {AMQPEXT_EACCESS, 1018, "AMQPEXT_EACCESS"},
    {AMQPEXT_ENOTFOUND, 1019, "AMQPEXT_ENOTFOUND"},
    {AMQPEXT_ELOCKED, 1020, "AMQPEXT_ELOCKED"},
    {AMQPEXT_EPRECONDITION, 1021, "AMQPEXT_EPRECONDITION"},
    {AMQPEXT_EBROKER, 1022, "AMQPEXT_EBROKER"},
    {AMQPEXT_ERETURNED, 1023, "AMQPEXT_ERETURNED"},
    {AMQPEXT_EREFUSED, 1024, "AMQPEXT_EREFUSED"},
    {AMQPEXT_EENCODE, 1025, "AMQPEXT_EENCODE"},
    {AMQPEXT_EDECODE, 1026, "AMQPEXT_EDECODE"},
    {AMQPEXT_EREMOTE, 1027, "AMQPEXT_EREMOTE"},
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
        assert_string_equal(amqpext_status_name(statuses[i].status), statuses[i].name);
}

static void number_that_is_no_status_is_named_so(void **state)
{
    (void)state;
    assert_string_equal(amqpext_status_name((enum amqpext_status)1000), "AMQPEXT_E?");
    assert_string_equal(amqpext_status_name((enum amqpext_status)1028), "AMQPEXT_E?");
}

static void seven_statuses_pass_by_themselves(void **state)
{
    unsigned n_temporary = 0;
    size_t i;

    (void)state;
    for (i = 0; i < N_STATUSES; i++)
        n_temporary += amqpext_status_is_temporary(statuses[i].status) ? 1 : 0;
    assert_int_equal(n_temporary, 7);
    assert_true(amqpext_status_is_temporary(AMQPEXT_ELIMIT));
    assert_true(amqpext_status_is_temporary(AMQPEXT_ETIMEDOUT));
    assert_true(amqpext_status_is_temporary(AMQPEXT_EBLOCKED));
    assert_true(amqpext_status_is_temporary(AMQPEXT_ERESOLVE));
    assert_true(amqpext_status_is_temporary(AMQPEXT_ECONNECTION));
    assert_true(amqpext_status_is_temporary(AMQPEXT_ERESOURCES));
    assert_true(amqpext_status_is_temporary(AMQPEXT_ENOMEM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_keep_their_numbers),
        cmocka_unit_test(every_status_has_its_name),
        cmocka_unit_test(number_that_is_no_status_is_named_so),
        cmocka_unit_test(seven_statuses_pass_by_themselves),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
