/* Negotiation: the heaviest format that is there, whatever comes in a header. */
#include "test.h"

#include "accept.h"
#include "exposition.h"

#define OPENMETRICS "application/openmetrics-text"
#define PROTOBUF                                                               \
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;" \
    "encoding=delimited"

static const struct {
    const char *accept;
    enum promon_format format;
} formats[] = {
    {NULL, PROMON_FORMAT_TEXT},
    {"", PROMON_FORMAT_TEXT},
    {"*/*", PROMON_FORMAT_TEXT},
    {"text/html", PROMON_FORMAT_TEXT},
    {"text/plain", PROMON_FORMAT_TEXT},
    {"text/plain;version=0.0.4", PROMON_FORMAT_TEXT},
    {"text/plain; version=1.0.0; escaping=allow-utf-8", PROMON_FORMAT_TEXT_1},
    {"text/plain;version=2.0.0", PROMON_FORMAT_TEXT},
    {"text/*", PROMON_FORMAT_TEXT},
    {"application/*", PROMON_FORMAT_OPENMETRICS_1},
    {OPENMETRICS, PROMON_FORMAT_OPENMETRICS_1},
    {OPENMETRICS "; version=1.0.0; charset=utf-8", PROMON_FORMAT_OPENMETRICS_1},
    {"APPLICATION/OpenMetrics-Text;Version=\"1.0.0\"", PROMON_FORMAT_OPENMETRICS_1},
    /* Versions that are not there. */
    {OPENMETRICS ";version=0.0.1", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";version=2.1.0", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";version=", PROMON_FORMAT_TEXT},
    /* The draft only by its name. */
    {OPENMETRICS ";version=2.0.0", PROMON_FORMAT_OPENMETRICS_2},
    {OPENMETRICS ";version=2.0.0-rc0", PROMON_FORMAT_OPENMETRICS_2},
    {OPENMETRICS ";version=2.0.0;q=0.5," OPENMETRICS ";version=1.0.0;q=0.6",
     PROMON_FORMAT_OPENMETRICS_1},
    {OPENMETRICS ";version=2.0.0;q=0.7," OPENMETRICS ";version=1.0.0;q=0.6",
     PROMON_FORMAT_OPENMETRICS_2},
    {PROTOBUF, PROMON_FORMAT_PROTOBUF},
    {"application/vnd.google.protobuf", PROMON_FORMAT_TEXT},
    {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
     PROMON_FORMAT_TEXT},
    {"application/vnd.google.protobuf;proto=x.Y;encoding=delimited", PROMON_FORMAT_TEXT},
    /* Prometheus 2.42, without and with native histograms; Prometheus 3; a browser. */
    {OPENMETRICS ";version=1.0.0," OPENMETRICS
                 ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     PROMON_FORMAT_OPENMETRICS_1},
    {PROTOBUF "," OPENMETRICS ";version=1.0.0;q=0.8," OPENMETRICS
              ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     PROMON_FORMAT_PROTOBUF},
    {OPENMETRICS ";version=1.0.0;escaping=allow-utf-8;q=0.5," OPENMETRICS
                 ";version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
                 "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
     PROMON_FORMAT_OPENMETRICS_1},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
     PROMON_FORMAT_TEXT},
    /* Weights. */
    {"text/plain;q=0.5," OPENMETRICS ";q=0.6", PROMON_FORMAT_OPENMETRICS_1},
    {"text/plain;q=0.5," OPENMETRICS ";q=0.500", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=0.5,text/plain;q=0.5", PROMON_FORMAT_OPENMETRICS_1},
    {"text/plain;q=0.001," OPENMETRICS ";q=0", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=0", PROMON_FORMAT_TEXT},
    {"text/plain;q=0,*/*", PROMON_FORMAT_OPENMETRICS_1},
    {"text/plain;version=1.0.0;q=0.4,text/plain;q=0.3", PROMON_FORMAT_TEXT_1},
    {"text/*;q=0.2,text/plain;q=0.1," OPENMETRICS ";q=0.15", PROMON_FORMAT_OPENMETRICS_1},
    /* What is malformed is as if it was not there. */
    {OPENMETRICS ";q=2", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=1.001", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=0.1234", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=-1", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=nan", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";q=,5", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";version", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";version=\"1.0.0", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";version=\"1.0.0\\", PROMON_FORMAT_TEXT},
    {OPENMETRICS " version=1.0.0", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";version = 1.0.0", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";escaping=none", PROMON_FORMAT_TEXT},
    {OPENMETRICS ";a=1;b=2;c=3;d=4;e=5;f=6;g=7;h=8;i=9", PROMON_FORMAT_TEXT},
    {";;,,=\"\",/,\x01\xff," OPENMETRICS, PROMON_FORMAT_OPENMETRICS_1},
    {" \t," OPENMETRICS " ; q=1.000 ;", PROMON_FORMAT_OPENMETRICS_1},
    {OPENMETRICS ";x=\"a,b;q=0\";q=0.5,text/plain;q=0.1", PROMON_FORMAT_OPENMETRICS_1},
    {"text/plainx," OPENMETRICS, PROMON_FORMAT_OPENMETRICS_1},
    {"text/plai;q=1," OPENMETRICS ";q=0.1", PROMON_FORMAT_OPENMETRICS_1},
};

static void heaviest_format_that_is_there_is_chosen(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (promon__negotiate_format(formats[i].accept) != formats[i].format)
            fail_msg("%s: %d", formats[i].accept, promon__negotiate_format(formats[i].accept));
    }
}

static void header_that_is_too_long_is_not_looked_at(void **state)
{
    static char accept[PROMON_MAX_HEADER_BYTES + 2];

    (void)state;
    memset(accept, ' ', sizeof(accept) - 1);
    memcpy(accept, OPENMETRICS, strlen(OPENMETRICS));
    assert_int_equal(promon__negotiate_format(accept), PROMON_FORMAT_TEXT);
    accept[PROMON_MAX_HEADER_BYTES] = '\0';
    assert_int_equal(promon__negotiate_format(accept), PROMON_FORMAT_OPENMETRICS_1);
}

static const struct {
    enum promon_format format;
    const char *accept;
    const char *type;
} types[] = {
    {PROMON_FORMAT_TEXT, NULL, "text/plain; version=0.0.4; charset=utf-8"},
    {(enum promon_format)99, NULL, "text/plain; version=0.0.4; charset=utf-8"},
    {PROMON_FORMAT_TEXT, "text/plain;escaping=nonsense",
     "text/plain; version=0.0.4; charset=utf-8"},
    {PROMON_FORMAT_TEXT, "text/plain;version=0.0.4;escaping=values",
     "text/plain; version=0.0.4; charset=utf-8; escaping=values"},
    {PROMON_FORMAT_TEXT_1, NULL, "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"},
    {PROMON_FORMAT_TEXT_1, "text/plain;version=1.0.0;escaping=allow-utf-8",
     "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"},
    {PROMON_FORMAT_TEXT_1, "text/plain;version=1.0.0;escaping=dots",
     "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"},
    {PROMON_FORMAT_OPENMETRICS_1, OPENMETRICS ";version=1.0.0",
     OPENMETRICS "; version=1.0.0; charset=utf-8"},
    {PROMON_FORMAT_OPENMETRICS_1, OPENMETRICS ";version=1.0.0;escaping=\"underscores\"",
     OPENMETRICS "; version=1.0.0; charset=utf-8; escaping=underscores"},
    {PROMON_FORMAT_OPENMETRICS_2, NULL, OPENMETRICS "; version=2.0.0; charset=utf-8"},
    {PROMON_FORMAT_PROTOBUF, PROTOBUF,
     "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
     "encoding=delimited"},
};

static void content_type_names_version_and_escaping(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        assert_string_equal(promon__content_type(types[i].format, types[i].accept), types[i].type);
}

static const struct {
    const char *accept_encoding;
    bool has_gzip;
} codings[] = {
    {NULL, false},
    {"", false},
    {"gzip", true},
    {"GZip", true},
    {"x-gzip", true},
    {"deflate", false},
    {"deflate, gzip;q=1.0, *;q=0.5", true},
    {"gzip;q=0", false},
    {"gzip;q=0.001", true},
    {"gzip;q=0.5, identity", false},
    {"gzip, identity;q=0.5", true},
    {"gzip;q=0.5, identity;q=0.5", true},
    {"identity;q=0", false},
    {"identity;q=0, *", true},
    {"*", true},
    {"*;q=0", false},
    {"gzip;q=0, *", false},
    {"gzip;q=x", false},
    {"gzipx, xgzip", false},
    {"br;q=1.0, zstd", false},
};

static void gzip_is_used_only_when_it_is_wanted(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
        if (promon__negotiate_gzip(codings[i].accept_encoding) != codings[i].has_gzip)
            fail_msg("%s", codings[i].accept_encoding);
    }
}

static void elements_come_with_their_parameters(void **state)
{
    const char *header = "a/b;x=1;Y=\"two, three\";q=0.25 , ,broken;=,c";
    struct promon__element element;

    (void)state;
    assert_true(promon__accept_next(&header, &element));
    assert_true(promon__part_is(element.value, "a/b"));
    assert_int_equal(element.weight, 250);
    assert_int_equal(element.n_parameters, 2);
    assert_true(promon__part_is(promon__element_parameter(&element, "y"), "two, three"));
    assert_null(promon__element_parameter(&element, "z").text);
    assert_true(promon__accept_next(&header, &element));
    assert_true(promon__part_is(element.value, "c"));
    assert_int_equal(element.weight, PROMON__WEIGHT_MAX);
    assert_false(promon__accept_next(&header, &element));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heaviest_format_that_is_there_is_chosen),
        cmocka_unit_test(header_that_is_too_long_is_not_looked_at),
        cmocka_unit_test(content_type_names_version_and_escaping),
        cmocka_unit_test(gzip_is_used_only_when_it_is_wanted),
        cmocka_unit_test(elements_come_with_their_parameters),
    };

    return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
