/* Statuses: their numbers are part of the ABI, each has a name, some pass by themselves. */
#include "test.h"

#include <miniorm/status.h>

static const struct {
    enum miniorm_status status;
    int number;
    const char *name;
} statuses[] = {
    {MINIORM_OK, 0, "MINIORM_OK"},
    {MINIORM_ENOMEM, 2001, "MINIORM_ENOMEM"},
    {MINIORM_EINVALID, 2002, "MINIORM_EINVALID"},
    {MINIORM_ESTATE, 2003, "MINIORM_ESTATE"},
    {MINIORM_EUNSUPPORTED, 2004, "MINIORM_EUNSUPPORTED"},
    {MINIORM_ELIMIT, 2005, "MINIORM_ELIMIT"},
    {MINIORM_ETIMEDOUT, 2006, "MINIORM_ETIMEDOUT"},
    {MINIORM_ECANCELLED, 2007, "MINIORM_ECANCELLED"},
    {MINIORM_EUNAVAILABLE, 2008, "MINIORM_EUNAVAILABLE"},
    {MINIORM_ECONNECTION, 2009, "MINIORM_ECONNECTION"},
    {MINIORM_ECOMMIT_UNKNOWN, 2010, "MINIORM_ECOMMIT_UNKNOWN"},
    {MINIORM_EAUTH, 2011, "MINIORM_EAUTH"},
    {MINIORM_EPERMISSION, 2012, "MINIORM_EPERMISSION"},
    {MINIORM_ENOTFOUND, 2013, "MINIORM_ENOTFOUND"},
    {MINIORM_EUNIQUE, 2014, "MINIORM_EUNIQUE"},
    {MINIORM_EFOREIGNKEY, 2015, "MINIORM_EFOREIGNKEY"},
    {MINIORM_ENOTNULL, 2016, "MINIORM_ENOTNULL"},
    {MINIORM_ECHECK, 2017, "MINIORM_ECHECK"},
    {MINIORM_EVALUE, 2018, "MINIORM_EVALUE"},
    {MINIORM_ECONFLICT, 2019, "MINIORM_ECONFLICT"},
    {MINIORM_EBUSY, 2020, "MINIORM_EBUSY"},
    {MINIORM_ESTATEMENT, 2021, "MINIORM_ESTATEMENT"},
    {MINIORM_EABORTED, 2022, "MINIORM_EABORTED"},
    {MINIORM_ERESOURCES, 2023, "MINIORM_ERESOURCES"},
    {MINIORM_EPROTOCOL, 2024, "MINIORM_EPROTOCOL"},
    {MINIORM_EDATABASE, 2025, "MINIORM_EDATABASE"},
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
        assert_string_equal(miniorm_status_name(statuses[i].status), statuses[i].name);
}

static void number_that_is_no_status_is_named_so(void **state)
{
    (void)state;
    assert_string_equal(miniorm_status_name((enum miniorm_status)1999), "MINIORM_E?");
    assert_string_equal(miniorm_status_name((enum miniorm_status)2026), "MINIORM_E?");
}

static void five_statuses_pass_by_themselves(void **state)
{
    unsigned n_temporary = 0;
    size_t i;

    (void)state;
    for (i = 0; i < N_STATUSES; i++)
        n_temporary += miniorm_status_is_temporary(statuses[i].status) ? 1 : 0;
    assert_int_equal(n_temporary, 5);
    assert_true(miniorm_status_is_temporary(MINIORM_EUNAVAILABLE));
    assert_true(miniorm_status_is_temporary(MINIORM_ECONFLICT));
    assert_true(miniorm_status_is_temporary(MINIORM_EBUSY));
    assert_true(miniorm_status_is_temporary(MINIORM_ERESOURCES));
    assert_true(miniorm_status_is_temporary(MINIORM_ETIMEDOUT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_keep_their_numbers),
        cmocka_unit_test(every_status_has_its_name),
        cmocka_unit_test(number_that_is_no_status_is_named_so),
        cmocka_unit_test(five_statuses_pass_by_themselves),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
