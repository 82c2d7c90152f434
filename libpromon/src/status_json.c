/*
 * Status as JSON, written while probes are visited: no tree is built, and nothing allocated once
 * the page's buffer is large enough.
 *
 * Times are seconds; a value that is not known is null.
 */
#include "status_json.h"

#include "clock.h"
#include "decimal.h"
#include "error.h"
#include "escape.h"
#include "monitor.h"
#include "page_buffers.h"

/* Visited at a time: histories are long, and the engine does not turn meanwhile. */
enum { PROBES_AT_A_TIME = 16 };

struct writing {
    struct text *out;
    const struct promon__range *range;
    int64_t now_s;
    unsigned states[3]; /* probes in each */
};

static void write_member(struct text *out, const char *name, const char *value)
{
    text_string(out, name);
    promon__escape_json(out, value);
}

/* 0 is none. */
static void write_time(struct text *out, const char *name, int64_t time, unsigned decimals)
{
    text_string(out, name);
    if (time == 0)
        text_string(out, "null");
    else
        promon__decimal(out, time, decimals);
}

static void write_groups(struct text *out, const char *const *groups)
{
    const char *const *group;

    text_string(out, ",\"groups\":[");
    for (group = groups; *group != NULL; group++) {
        if (group != groups)
            text_char(out, ',');
        promon__escape_json(out, *group);
    }
    text_char(out, ']');
}

static void write_status(struct text *out, const struct promon_probe_status *status)
{
    write_member(out, ",\"state\":", promon_state_name(status->state));
    write_time(out, ",\"state_since\":", status->state_since_ms, 3);
    write_time(out, ",\"last_run\":", status->last_run_ms, 3);
    write_time(out, ",\"last_success\":", status->last_success_ms, 3);
    text_string(out, ",\"duration_seconds\":");
    if (status->runs == 0)
        text_string(out, "null");
    else
        promon__decimal(out, status->duration_ns / 1000, 6);
    write_member(out, ",\"reason\":", promon_reason_name(status->reason));
    write_member(out, ",\"message\":", status->message);
    write_time(out, ",\"certificate_expires\":", status->tls_not_after_s, 0);
    text_string(out, ",\"runs\":");
    text_unsigned(out, status->runs);
    text_string(out, ",\"failures\":");
    text_unsigned(out, status->failures);
}

static void write_uptime(struct text *out, const struct promon__history *history, int64_t now_s)
{
    const struct promon__range *range;

    text_string(out, ",\"uptime\":{");
    for (range = promon__ranges; range->name != NULL; range++) {
        if (range != promon__ranges)
            text_char(out, ',');
        promon__escape_json(out, range->name);
        text_char(out, ':');
        promon__decimal_ratio(out, promon__range_uptime(range, history, now_s));
    }
    text_char(out, '}');
}

/* [up, down, unknown, mean and greatest duration of those that were up], or null. */
static void write_bar(struct text *out, const struct promon__slot *bar)
{
    if (bar->up + bar->down + bar->unknown == 0) {
        text_string(out, "null");
        return;
    }
    text_char(out, '[');
    text_unsigned(out, bar->up);
    text_char(out, ',');
    text_unsigned(out, bar->down);
    text_char(out, ',');
    text_unsigned(out, bar->unknown);
    if (bar->up != 0) {
        text_char(out, ',');
        promon__decimal(out, (int64_t)(bar->duration_us_sum / bar->up), 6);
        text_char(out, ',');
        promon__decimal(out, bar->duration_us_max, 6);
    }
    text_char(out, ']');
}

static void write_history(struct text *out, const struct promon__range *range,
                          const struct promon__history *history, int64_t now_s)
{
    struct promon__slot bars[PROMON__MAX_BARS];
    const size_t n_bars = promon__range_bars(range, history, now_s, bars);
    size_t i;

    text_string(out, ",\"history\":[");
    for (i = 0; i < n_bars; i++) {
        if (i != 0)
            text_char(out, ',');
        write_bar(out, &bars[i]);
    }
    text_char(out, ']');
}

void promon__status_json_probe(struct text *out, const struct promon__probe_view *view,
                               const struct promon__range *range, int64_t now_s)
{
    write_member(out, "{\"name\":", view->name);
    write_member(out, ",\"description\":", view->description);
    write_member(out, ",\"module\":", view->module);
    write_groups(out, view->groups);
    text_string(out, ",\"interval_seconds\":");
    promon__decimal(out, view->interval_ms, 3);
    write_status(out, view->status);
    write_uptime(out, view->history, now_s);
    write_history(out, range, view->history, now_s);
    text_char(out, '}');
}

static void write_probe(void *data, const struct promon__probe_view *view)
{
    struct writing *writing = data;
    struct text *out = writing->out;

    if (out->data[out->size - 1] != '[')
        text_char(out, ',');
    promon__status_json_probe(out, view, writing->range, writing->now_s);
    writing->states[view->status->state]++;
}

static void write_range(struct text *out, const struct promon__range *range)
{
    write_member(out, ",\"range\":{\"name\":", range->name);
    text_string(out, ",\"bars\":");
    text_unsigned(out, range->bars);
    text_string(out, ",\"bar_seconds\":");
    text_integer(out, promon__range_bar_s(range));
    text_char(out, '}');
}

static const char *overall(const unsigned states[3])
{
    if (states[PROMON_STATE_DOWN] != 0)
        return promon_state_name(PROMON_STATE_DOWN);
    return promon_state_name(states[PROMON_STATE_UNKNOWN] != 0 ? PROMON_STATE_UNKNOWN
                                                               : PROMON_STATE_UP);
}

static void write_totals(struct text *out, const unsigned states[3])
{
    enum promon_state state;

    write_member(out, "],\"state\":", overall(states));
    text_string(out, ",\"probes_by_state\":{");
    for (state = PROMON_STATE_UNKNOWN; state <= PROMON_STATE_DOWN; state++) {
        if (state != PROMON_STATE_UNKNOWN)
            text_char(out, ',');
        promon__escape_json(out, promon_state_name(state));
        text_char(out, ':');
        text_unsigned(out, states[state]);
    }
    text_string(out, "}}");
}

void promon__status_json(struct text *out, struct promon *promon, const struct promon__range *range,
                         int64_t now_s)
{
    struct writing writing = {.out = out, .range = range, .now_s = now_s};
    size_t first = 0, visited = 1;

    write_member(out, "{\"title\":", promon->settings.title);
    text_string(out, ",\"now\":");
    text_integer(out, now_s);
    write_range(out, range);
    text_string(out, ",\"probes\":[");
    for (; visited != 0 && !out->failed; first += visited)
        visited = promon__engine_visit_some(promon->engine, first, PROBES_AT_A_TIME, write_probe,
                                            &writing);
    write_totals(out, writing.states);
}

enum promon_status promon__status_json_page(const struct promon__asked *asked,
                                            struct promon_page *page, struct promon_error *error)
{
    struct text *out = promon__page_begin(page);

    if (out == NULL)
        return promon__fail_memory(error);
    promon__status_json(out, asked->promon, promon__range_asked(asked->request->query),
                        (int64_t)promon__wall_clock_s());
    return promon__page_end(page, 200, "application/json", error);
}
