/* SQLSTATEs as statuses. */
#include "test.h"

#include "postgres/failure.h"

static void sqlstates_have_their_statuses(void **state)
{
    static const struct {
        const char *sqlstate;
        enum miniorm_status status;
    } expected[] = {
        {"23505", MINIORM_EUNIQUE},      {"23503", MINIORM_EFOREIGNKEY},
        {"23502", MINIORM_ENOTNULL},     {"23514", MINIORM_ECHECK},
        {"23P01", MINIORM_ECHECK},       {"22003", MINIORM_EVALUE},
        {"22P02", MINIORM_EVALUE},       {"22001", MINIORM_EVALUE},
        {"40001", MINIORM_ECONFLICT},    {"40P01", MINIORM_ECONFLICT},
        {"55P03", MINIORM_EBUSY},        {"42601", MINIORM_ESTATEMENT},
        {"42P01", MINIORM_ESTATEMENT},   {"42501", MINIORM_EPERMISSION},
        {"25P02", MINIORM_EABORTED},     {"53100", MINIORM_ERESOURCES},
        {"53300", MINIORM_ERESOURCES},   {"28P01", MINIORM_EAUTH},
        {"3D000", MINIORM_EAUTH},        {"57014", MINIORM_ECANCELLED},
        {"57P01", MINIORM_ECONNECTION},  {"57P03", MINIORM_EUNAVAILABLE},
        {"0A000", MINIORM_EUNSUPPORTED}, {"54000", MINIORM_ELIMIT},
        {"P0001", MINIORM_EDATABASE},    {"XX000", MINIORM_EDATABASE},
        {"", MINIORM_EDATABASE},         {"2350", MINIORM_EDATABASE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(miniorm__pg_status(expected[i].sqlstate), expected[i].status);
    assert_int_equal(miniorm__pg_status(NULL), MINIORM_EDATABASE);
}

static void first_line_is_cut_to_its_room(void **state)
{
    char line[8];

    (void)state;
    miniorm__pg_first_line(line, sizeof(line), "abc\ndef");
    assert_string_equal(line, "abc");
    miniorm__pg_first_line(line, sizeof(line), "abcdefghijk");
    assert_string_equal(line, "abcdefg");
    miniorm__pg_first_line(line, sizeof(line), NULL);
    assert_string_equal(line, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sqlstates_have_their_statuses),
        cmocka_unit_test(first_line_is_cut_to_its_room),
    };

    return cmocka_run_group_tests_name("postgres_failure", tests, NULL, NULL);
}
