/*
 * The status page as it stands in status_page.html, embedded by status_html.sh when the library is
 * built.
 */
#ifndef PROMON_SRC_STATUS_HTML_H
#define PROMON_SRC_STATUS_HTML_H

/* With "{{title}}", "{{table}}" and "{{json}}" where those are to stand; NUL-terminated. */
extern const char promon__status_html[];

/* Content-Security-Policy: nothing from elsewhere, and of scripts and styles the page's own. */
extern const char promon__status_policy[];

#endif
