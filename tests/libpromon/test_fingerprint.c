/* Fingerprints: the same for the same content, and telling nothing of it. */
#include "test.h"

#include "fingerprint.h"

static const struct promon__fingerprint_key fixed = {{1, 2, 3, 4}};

static struct promon__fingerprint take(const struct promon__fingerprint_key *key, const char *text)
{
    struct promon__fingerprint fingerprint;
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(json);
    assert_true(promon__fingerprint_take(key, json, &fingerprint));
    json_decref(json);
    return fingerprint;
}

/* Computed by another program, whose SipHash gives the values of its authors. */
static void fingerprint_is_siphash_of_the_sorted_text(void **state)
{
    (void)state;
    assert_string_equal(take(&fixed, "{\"password\": \"p@ss\", \"a\": 1}").text,
                        "3edea5c4a1dcfbed6d68aa87ad37279b");
}

static void order_of_keys_does_not_matter(void **state)
{
    (void)state;
    assert_string_equal(take(&fixed, "{\"a\": {\"b\": 1, \"c\": [1, 2]}, \"d\": 2}").text,
                        take(&fixed, "{\"d\": 2, \"a\": {\"c\": [1, 2], \"b\": 1}}").text);
}

static void every_change_matters(void **state)
{
    static const char *const texts[] = {"{}",
                                        "{\"a\":1}",
                                        "{\"a\":2}",
                                        "{\"a\":\"1\"}",
                                        "{\"a\":1.0}",
                                        "{\"a\":[1,2]}",
                                        "{\"a\":[2,1]}",
                                        "{\"a\":\"\"}",
                                        "{\"a\":null}",
                                        "{\"b\":1}",
                                        "{\"a\":\"12345678\"}",
                                        "{\"a\":\"123456789\"}"};
    const size_t count = sizeof(texts) / sizeof(texts[0]);
    size_t i, j;

    (void)state;
    for (i = 0; i < count; i++) {
        for (j = 0; j < i; j++)
            assert_string_not_equal(take(&fixed, texts[i]).text, take(&fixed, texts[j]).text);
    }
}

static void keys_are_random(void **state)
{
    struct promon__fingerprint_key one, other;

    (void)state;
    assert_true(promon__fingerprint_key_make(&one) && promon__fingerprint_key_make(&other));
    assert_string_not_equal(take(&one, "{}").text, take(&other, "{}").text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_is_siphash_of_the_sorted_text),
        cmocka_unit_test(order_of_keys_does_not_matter),
        cmocka_unit_test(every_change_matters),
        cmocka_unit_test(keys_are_random),
    };

    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
