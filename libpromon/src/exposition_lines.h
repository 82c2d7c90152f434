/*
 * Lines: what the text formats have in common. A format decides on the stem of a family's samples,
 * their suffixes and their order.
 */
#ifndef PROMON_SRC_EXPOSITION_LINES_H
#define PROMON_SRC_EXPOSITION_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "gathered.h"
#include "number.h"
#include "text.h"

/* The name of a family in a format: all of the name, or the front of it. */
struct promon__stem {
    const char *text;
    size_t size;
};

/* `stem suffix {labels,more} `: whose value follows. Strings of no size are left out. */
struct promon__sample {
    struct promon__stem stem;
    const char *suffix;
    const struct promon__gathered_series *series;
    const char *more; /* one label more, escaped */
    size_t more_size;
};

/* The name, without `suffix` when it ends in it and has more. */
struct promon__stem promon__stem_without(const char *name, const char *suffix);

/* `# KEYWORD stem `, and the other two behind it with a newline. */
void promon__line_describe(struct text *out, const char *keyword, struct promon__stem stem);
void promon__line_word(struct text *out, const char *keyword, struct promon__stem stem,
                       const char *word);
/* Escapes backslash and newline, and if asked for the quote. */
void promon__line_help(struct text *out, struct promon__stem stem, const char *help, bool quotes);

void promon__line_escape(struct text *out, const char *string, bool quotes);

/*
 * Writes the front of a line and returns where its value goes, with room for a number and one byte
 * more; NULL when memory ran out. promon__line_reach takes the end of what was written there.
 */
char *promon__line_begin(struct text *out, const struct promon__sample *sample);
void promon__line_reach(struct text *out, char *end);

/* Whole lines with one value. */
void promon__line_number(struct text *out, const struct promon__sample *sample,
                         const struct promon__number *number);
void promon__line_unsigned(struct text *out, const struct promon__sample *sample, uint64_t number);
void promon__line_real(struct text *out, const struct promon__sample *sample, double number);
void promon__line_seconds(struct text *out, const struct promon__sample *sample, double seconds);

/* One line for each state. */
void promon__line_states(struct text *out, const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series);

/* ` # {labels} value time`; nothing for NULL. */
void promon__line_exemplar(struct text *out, const struct promon__exemplar *exemplar);

/* Parts of lines. */
void promon__text_real(struct text *out, double number);
void promon__text_seconds(struct text *out, double seconds);

/*
 * The lines of a histogram in classic buckets; one without has the bucket of all. OpenMetrics 1.0
 * adds exemplars, and leaves out sum and count when a bound is negative.
 */
void promon__line_histogram(struct text *out, struct promon__stem stem,
                            const struct promon__gathered_family *family,
                            const struct promon__gathered_series *series, bool is_openmetrics);

#endif
