/*
 * Health: one visit of the probes for each answer, none for liveness.
 *
 * A probe that fails by itself (state unknown) after it was up once takes nobody out of service:
 * it knows nothing of what it checks. Before it was ever up, the process is not ready.
 */
#include "health.h"

#include <string.h>

#include "accept.h"
#include "error.h"
#include "escape.h"
#include "monitor.h"
#include "page_buffers.h"
#include "query.h"

/* So long may the scheduler not have turned: it does so at least each second, on any machine. */
#define LIVE_SILENCE_NS (INT64_C(30) * 1000000000)

enum form { FORM_WORD, FORM_LINES, FORM_JSON };

struct tally {
    const char *group;
    bool (*is_good)(const struct promon__probe_view *view);
    struct text *out;
    enum form form;
    unsigned members, good;
};

static bool is_ready(const struct promon__probe_view *view)
{
    const enum promon_state state = view->status->state;

    return state == PROMON_STATE_UP || (state == PROMON_STATE_UNKNOWN && view->was_up);
}

static bool was_up(const struct promon__probe_view *view)
{
    return view->was_up;
}

static bool is_member(const struct promon__probe_view *view, const char *group)
{
    const char *const *each;

    for (each = view->groups; *each != NULL; each++) {
        if (strcmp(*each, group) == 0)
            return true;
    }
    return false;
}

static void write_line(struct text *out, const struct promon__probe_view *view, bool is_good)
{
    text_string(out, is_good ? "[+] " : "[-] ");
    text_string(out, view->name);
    text_string(out, ": ");
    text_string(out, promon_state_name(view->status->state));
    if (view->status->reason != PROMON_REASON_NONE) {
        text_string(out, ", ");
        text_string(out, promon_reason_name(view->status->reason));
    }
    text_char(out, '\n');
}

static void write_object(struct text *out, const struct promon__probe_view *view, bool is_good)
{
    text_string(out, "{\"name\":");
    promon__escape_json(out, view->name);
    text_string(out, is_good ? ",\"ok\":true,\"state\":\"" : ",\"ok\":false,\"state\":\"");
    text_string(out, promon_state_name(view->status->state));
    text_string(out, "\",\"reason\":\"");
    text_string(out, promon_reason_name(view->status->reason));
    text_string(out, "\"}");
}

static void count(void *data, const struct promon__probe_view *view)
{
    struct tally *tally = data;
    bool is_good;

    if (!is_member(view, tally->group))
        return;
    is_good = tally->is_good(view);
    if (tally->form == FORM_JSON && tally->members != 0)
        text_char(tally->out, ',');
    if (tally->form == FORM_JSON)
        write_object(tally->out, view, is_good);
    else if (tally->form == FORM_LINES)
        write_line(tally->out, view, is_good);
    tally->members++;
    tally->good += is_good;
}

/* A type that is refused, with a weight of 0, is not asked for. */
static bool is_json_accepted(const char *accept)
{
    struct promon__element element;

    while (accept != NULL && promon__accept_next(&accept, &element)) {
        if (promon__part_is(element.value, "application/json") && element.weight > 0)
            return true;
    }
    return false;
}

static enum form form_asked(const struct promon__asked *asked)
{
    const struct promon_request *request = asked->request;

    if (!asked->promon->settings.health_details)
        return FORM_WORD;
    if (is_json_accepted(request->accept))
        return FORM_JSON;
    return promon__query_has(request->query, "verbose") ? FORM_LINES : FORM_WORD;
}

static const char *word_of(bool is_good)
{
    return is_good ? "ok" : "not ok";
}

static enum promon_status answer(struct promon_page *page, const struct promon__asked *asked,
                                 enum form form, bool is_good, struct promon_error *error)
{
    struct text *out = &page->buffers->body;
    enum promon_status status;

    if (form == FORM_JSON) {
        text_string(out, is_good ? "],\"status\":\"ok\"}" : "],\"status\":\"not ok\"}");
    } else {
        text_string(out, word_of(is_good));
        if (form == FORM_LINES)
            text_char(out, '\n');
    }
    status = promon__page_end(page, is_good ? 200 : 503,
                              form == FORM_JSON ? "application/json" : "text/plain; charset=utf-8",
                              error);
    if (asked->promon->settings.health_details)
        page->vary = "Accept";
    return status;
}

/* Counts the members of a group, writing them down if they are asked for. */
static enum promon_status tally_up(const struct promon__asked *asked, struct promon_page *page,
                                   struct tally *tally, struct promon_error *error)
{
    tally->form = form_asked(asked);
    tally->out = promon__page_begin(page);
    if (tally->out == NULL)
        return promon__fail_memory(error);
    if (tally->form == FORM_JSON)
        text_string(tally->out, "{\"probes\":[");
    promon__engine_visit(asked->promon->engine, count, tally);
    return PROMON_OK;
}

enum promon_status promon__health_live(const struct promon__asked *asked, struct promon_page *page,
                                       struct promon_error *error)
{
    const bool is_good = promon__engine_silence_ns(asked->promon->engine) < LIVE_SILENCE_NS;

    return promon__page_text(page, is_good ? 200 : 503, word_of(is_good), error);
}

enum promon_status promon__health_ready(const struct promon__asked *asked, struct promon_page *page,
                                        struct promon_error *error)
{
    const bool is_named = asked->rest[0] != '\0';
    struct tally tally = {.group = is_named ? asked->rest : "ready", .is_good = is_ready};
    enum promon_status status = tally_up(asked, page, &tally, error);

    if (status != PROMON_OK)
        return status;
    if (is_named && tally.members == 0)
        return PROMON_ENOTFOUND;
    return answer(page, asked, tally.form, tally.good == tally.members, error);
}

enum promon_status promon__health_startup(const struct promon__asked *asked,
                                          struct promon_page *page, struct promon_error *error)
{
    struct tally tally = {.group = "startup", .is_good = was_up};
    enum promon_status status = tally_up(asked, page, &tally, error);

    if (status != PROMON_OK)
        return status;
    return answer(page, asked, tally.form, tally.good == tally.members, error);
}
