/*
 * The status page: the embedded file with its title, the status as JSON, which its script draws and
 * then asks for again and again, and a table of the same for browsers without scripts.
 */
#include "status_page.h"

#include "clock.h"
#include "error.h"
#include "escape.h"
#include "monitor.h"
#include "page_buffers.h"
#include "status_html.h"
#include "status_json.h"

struct filling {
    struct text *out;
    struct promon *promon;
    const struct promon__range *range;
    int64_t now_s;
};

static void fill_title(const struct filling *filling)
{
    promon__escape_html(filling->out, filling->promon->settings.title);
}

static void fill_json(const struct filling *filling)
{
    promon__status_json(filling->out, filling->promon, filling->range, filling->now_s);
}

static void write_cell(struct text *out, const char *text)
{
    text_string(out, "<td>");
    promon__escape_html(out, text);
    text_string(out, "</td>");
}

static void write_row(void *data, const struct promon__probe_view *view)
{
    const struct promon_probe_status *status = view->status;
    struct text *out = data;

    text_string(out, "<tr>");
    write_cell(out, view->description[0] != '\0' ? view->description : view->name);
    write_cell(out, promon_state_name(status->state));
    write_cell(out, status->reason == PROMON_REASON_NONE ? "" : promon_reason_name(status->reason));
    write_cell(out, status->message);
    text_string(out, "</tr>\n");
}

static void fill_table(const struct filling *filling)
{
    text_string(filling->out, "<h1>");
    fill_title(filling);
    text_string(filling->out, "</h1>\n<table><thead><tr><th>Probe</th><th>State</th><th>Reason</th>"
                              "<th>Message</th></tr></thead><tbody>\n");
    promon__engine_visit(filling->promon->engine, write_row, filling->out);
    text_string(filling->out, "</tbody></table>");
}

static const struct place {
    const char *mark;
    void (*fill)(const struct filling *filling);
} places[] = {{"{{title}}", fill_title}, {"{{table}}", fill_table}, {"{{json}}", fill_json}};

/* Fills in what the text begins with, and returns where it goes on. */
static const char *fill_in(const struct filling *filling, const char *html)
{
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const size_t size = strlen(places[i].mark);

        if (strncmp(html, places[i].mark, size) == 0) {
            places[i].fill(filling);
            return html + size;
        }
    }
    text_string(filling->out, "{{");
    return html + 2;
}

static void write_page(const struct filling *filling)
{
    const char *html = promon__status_html, *mark;

    while ((mark = strstr(html, "{{")) != NULL) {
        text_bytes(filling->out, html, (size_t)(mark - html));
        html = fill_in(filling, mark);
    }
    text_string(filling->out, html);
}

enum promon_status promon__status_page(const struct promon__asked *asked, struct promon_page *page,
                                       struct promon_error *error)
{
    const struct filling filling = {.out = promon__page_begin(page),
                                    .promon = asked->promon,
                                    .range = promon__range_asked(asked->request->query),
                                    .now_s = (int64_t)promon__wall_clock_s()};
    enum promon_status status;

    if (filling.out == NULL)
        return promon__fail_memory(error);
    write_page(&filling);
    status = promon__page_end(page, 200, "text/html; charset=utf-8", error);
    page->security_policy = promon__status_policy;
    return status;
}
