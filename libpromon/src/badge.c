/*
 * Badges: two fields of text on colours. Their widths are estimated from those of the letters of
 * the usual sans serif, and browsers are told to make the text as wide as estimated.
 */
#include "badge.h"

#include <string.h>

#include "clock.h"
#include "decimal.h"
#include "error.h"
#include "escape.h"
#include "monitor.h"
#include "page_buffers.h"
#include "range.h"
#include "utf8.h"

#define COLOUR_GOOD "#1a7f4b"
#define COLOUR_FAIR "#9a6700"
#define COLOUR_BAD "#cf222e"
#define COLOUR_NONE "#6e7781"

/* Tenths of a pixel at a size of 11; of both sides of a field together in pixels. */
enum { NARROW = 37, WIDE = 95, CAPITAL = 78, USUAL = 67, PADDING = 12 };

/* What is on the way from a probe to its badge. */
struct figure {
    const char *probe;
    size_t probe_size;
    const struct figure_kind *kind;
    const struct promon__range *range;
    int64_t now_s;
    struct text label, value;
    const char *colour;
    bool is_found;
};

struct figure_kind {
    const char *file;
    void (*take)(struct figure *figure, const struct promon__probe_view *view);
};

static unsigned letter_width(unsigned char c)
{
    if (strchr("fijlrtI.,:;'|!()[] /", c) != NULL)
        return NARROW;
    if (strchr("mwMW%@", c) != NULL || c >= 0x80)
        return WIDE;
    return c >= 'A' && c <= 'Z' ? CAPITAL : USUAL;
}

static unsigned text_width(const char *text)
{
    size_t left = strlen(text);
    unsigned tenths = 0;

    while (left != 0) {
        const size_t size = utf8_character(text, left);

        tenths += letter_width((unsigned char)text[0]);
        text += size == 0 ? 1 : size;
        left -= size == 0 ? 1 : size;
    }
    return tenths / 10 + 1;
}

static void write_field(struct text *out, const char *text, unsigned x, unsigned width)
{
    text_string(out, "<text x=\"");
    text_unsigned(out, x + PADDING / 2);
    text_string(out, "\" y=\"14\" lengthAdjust=\"spacingAndGlyphs\" textLength=\"");
    text_unsigned(out, width - PADDING);
    text_string(out, "\">");
    promon__escape_html(out, text);
    text_string(out, "</text>");
}

static void write_box(struct text *out, unsigned x, unsigned width, const char *colour)
{
    text_string(out, "<rect x=\"");
    text_unsigned(out, x);
    text_string(out, "\" width=\"");
    text_unsigned(out, width);
    text_string(out, "\" height=\"20\" fill=\"");
    text_string(out, colour);
    text_string(out, "\"/>");
}

static void write_title(struct text *out, const char *label, const char *value)
{
    promon__escape_html(out, label);
    text_string(out, ": ");
    promon__escape_html(out, value);
}

void promon__badge_write(struct text *out, const char *label, const char *value, const char *colour)
{
    const unsigned left = text_width(label) + PADDING, right = text_width(value) + PADDING;

    text_string(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    text_unsigned(out, left + right);
    text_string(out, "\" height=\"20\" role=\"img\" aria-label=\"");
    write_title(out, label, value);
    text_string(out, "\"><title>");
    write_title(out, label, value);
    text_string(out, "</title><clipPath id=\"r\"><rect width=\"");
    text_unsigned(out, left + right);
    text_string(out, "\" height=\"20\" rx=\"4\"/></clipPath><g clip-path=\"url(#r)\">");
    write_box(out, 0, left, "#444c56");
    write_box(out, left, right, colour);
    text_string(out, "</g><g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" "
                     "font-size=\"11\">");
    write_field(out, label, 0, left);
    write_field(out, value, left, right);
    text_string(out, "</g></svg>\n");
}

static void take_state(struct figure *figure, const struct promon__probe_view *view)
{
    const enum promon_state state = view->status->state;

    text_string(&figure->label, view->name);
    text_string(&figure->value, promon_state_name(state));
    if (state == PROMON_STATE_UNKNOWN)
        figure->colour = COLOUR_NONE;
    else
        figure->colour = state == PROMON_STATE_UP ? COLOUR_GOOD : COLOUR_BAD;
}

/* As hundredths of a percent, never rounded up: only what was never down has 100 %. */
static void take_uptime(struct figure *figure, const struct promon__probe_view *view)
{
    const double uptime = promon__range_uptime(figure->range, view->history, figure->now_s);

    text_string(&figure->label, "uptime ");
    text_string(&figure->label, figure->range->words);
    if (uptime < 0) {
        text_string(&figure->value, "unknown");
        figure->colour = COLOUR_NONE;
        return;
    }
    promon__decimal(&figure->value, promon__decimal_parts(uptime, 10000), 2);
    text_string(&figure->value, " %");
    figure->colour = uptime >= 0.99 ? COLOUR_GOOD : uptime >= 0.95 ? COLOUR_FAIR : COLOUR_BAD;
}

/* Three digits say enough. */
static void write_duration(struct text *out, uint64_t us)
{
    if (us < 10000)
        promon__decimal(out, (int64_t)(us / 10), 2);
    else if (us < 1000000)
        text_unsigned(out, us / 1000);
    else
        promon__decimal(out, (int64_t)(us / 10000), 2);
    text_string(out, us < 1000000 ? " ms" : " s");
}

static void take_latency(struct figure *figure, const struct promon__probe_view *view)
{
    const struct promon__slot sum = promon__range_sum(figure->range, view->history, figure->now_s);

    text_string(&figure->label, "latency ");
    text_string(&figure->label, figure->range->words);
    figure->colour = sum.up == 0 ? COLOUR_NONE : "#0a66c2";
    if (sum.up == 0)
        text_string(&figure->value, "unknown");
    else
        write_duration(&figure->value, sum.duration_us_sum / sum.up);
}

static const struct figure_kind kinds[] = {
    {"state.svg", take_state}, {"uptime.svg", take_uptime}, {"latency.svg", take_latency}};

static const struct figure_kind *kind_of(const char *file)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].file, file) == 0)
            return &kinds[i];
    }
    return NULL;
}

static void look(void *data, const struct promon__probe_view *view)
{
    struct figure *figure = data;

    if (figure->is_found || strlen(view->name) != figure->probe_size ||
        memcmp(view->name, figure->probe, figure->probe_size) != 0)
        return;
    figure->is_found = true;
    figure->kind->take(figure, view);
}

static enum promon_status write_page(const struct figure *figure, struct promon_page *page,
                                     struct promon_error *error)
{
    struct text *out = promon__page_begin(page);
    enum promon_status status;

    if (out == NULL || figure->label.failed || figure->value.failed)
        return promon__fail_memory(error);
    promon__badge_write(out, figure->label.data, figure->value.data, figure->colour);
    status = promon__page_end(page, 200, "image/svg+xml; charset=utf-8", error);
    page->cache_control = "max-age=30";
    return status;
}

enum promon_status promon__badge_page(const struct promon__asked *asked, struct promon_page *page,
                                      struct promon_error *error)
{
    const char *slash = strchr(asked->rest, '/');
    struct figure figure = {.probe = asked->rest,
                            .range = promon__range_asked(asked->request->query),
                            .now_s = (int64_t)promon__wall_clock_s()};
    enum promon_status status = PROMON_ENOTFOUND;

    figure.kind = slash == NULL ? NULL : kind_of(slash + 1);
    if (figure.kind == NULL)
        return PROMON_ENOTFOUND;
    figure.probe_size = (size_t)(slash - asked->rest);
    promon__engine_visit(asked->promon->engine, look, &figure);
    if (figure.is_found)
        status = write_page(&figure, page, error);
    text_free(&figure.label);
    text_free(&figure.value);
    return status;
}
