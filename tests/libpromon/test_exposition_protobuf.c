/* Protobuf: sizes before messages, and what protoc reads in them. */
#include "test.h"

#include "exposition.h"
#include "support/page_file.h"
#include "protobuf.h"
#include "support/specimen.h"

#define DECODE                                                                      \
    "protoc --decode=io.prometheus.client.Page --proto_path=tests/libpromon/pages " \
    "tests/libpromon/pages/metrics.proto"
#define FIELD_OF_PAGE 0x0a

static size_t read_size(const struct text *page, size_t *at)
{
    size_t size = 0;
    unsigned shift = 0;

    do {
        assert_true(*at < page->size && shift < 35);
        size |= (size_t)((unsigned char)page->data[*at] & 0x7f) << shift;
        shift += 7;
    } while (((unsigned char)page->data[(*at)++] & 0x80) != 0);
    return size;
}

/* The same families as fields of one message, which protoc reads at once. */
static size_t frame(const struct text *page, struct text *out)
{
    size_t at = 0, count = 0;

    while (at < page->size) {
        const size_t start = at;
        const size_t size = read_size(page, &at);

        assert_true(size <= page->size - at);
        text_char(out, FIELD_OF_PAGE);
        text_bytes(out, page->data + start, at - start + size);
        at += size;
        count++;
    }
    return count;
}

static void expect_decoded(const struct text *page, const char *name)
{
    struct text framed = {0}, output = {0};

    frame(page, &framed);
    assert_int_equal(run_with_page(DECODE, framed.data, framed.size, &output), 0);
    expect_page(&output, name);
    text_free(&output);
    text_free(&framed);
}

static void protoc_reads_every_field(void **state)
{
    struct text page = {0};

    (void)state;
    promon__write_protobuf(&page, &specimen);
    expect_decoded(&page, "specimen.protobuf.txt");
    text_free(&page);
}

static void each_family_with_series_has_its_size(void **state)
{
    struct text page = {0}, framed = {0};
    size_t n_families = 0, i;

    (void)state;
    for (i = 0; i < specimen.n_families; i++)
        n_families += specimen.families[i].n_series != 0;
    promon__write_protobuf(&page, &specimen);
    assert_int_equal(frame(&page, &framed), n_families);
    text_free(&framed);
    text_free(&page);
}

static void expect_bytes(struct text *text, const char *bytes, size_t size)
{
    assert_false(text->failed);
    assert_int_equal(text->size, size);
    assert_memory_equal(text->data, bytes, size);
    text_free(text);
}

#define EXPECT(text, bytes) expect_bytes(text, bytes, sizeof(bytes) - 1)

static void numbers_are_varints_in_their_shortest_form(void **state)
{
    struct text text = {0};

    (void)state;
    promon__protobuf_unsigned(&text, 1, 0);
    EXPECT(&text, "\x08\x00");
    promon__protobuf_unsigned(&text, 1, 150);
    EXPECT(&text, "\x08\x96\x01");
    promon__protobuf_unsigned(&text, 16, UINT64_MAX);
    EXPECT(&text, "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    promon__protobuf_signed(&text, 5, -4);
    EXPECT(&text, "\x28\x07");
    promon__protobuf_signed(&text, 5, 4);
    EXPECT(&text, "\x28\x08");
    promon__protobuf_signed(&text, 5, INT64_MIN);
    EXPECT(&text, "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    promon__protobuf_double(&text, 1, -2.5);
    EXPECT(&text, "\x09\x00\x00\x00\x00\x00\x00\x04\xc0");
}

static void message_of_any_length_has_its_size_before_it(void **state)
{
    static const size_t sizes[] = {0, 1, 127, 128, 129, 16383, 16384, 300000};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct text text = {0};
        size_t begin, at = 0, k;

        begin = promon__protobuf_begin(&text, 0);
        for (k = 0; k < sizes[i]; k++)
            text_char(&text, (char)k);
        promon__protobuf_end(&text, begin);
        assert_int_equal(read_size(&text, &at), sizes[i]);
        assert_int_equal(text.size - at, sizes[i]);
        for (k = 0; k < sizes[i]; k++)
            assert_int_equal(text.data[at + k], (char)k);
        text_free(&text);
    }
}

static void write_without_memory(void *context)
{
    struct text page = {0};

    promon__write_protobuf(&page, context);
    if (oom_stop())
        assert_true(page.failed);
    text_free(&page);
}

static void memory_that_runs_out_is_remembered(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(write_without_memory, (void *)(uintptr_t)&specimen) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protoc_reads_every_field),
        cmocka_unit_test(each_family_with_series_has_its_size),
        cmocka_unit_test(numbers_are_varints_in_their_shortest_form),
        cmocka_unit_test(message_of_any_length_has_its_size_before_it),
        cmocka_unit_test(memory_that_runs_out_is_remembered),
    };

    return cmocka_run_group_tests_name("exposition_protobuf", tests, NULL, NULL);
}
