/*
 * Lines of the text formats: descriptions, samples, exemplars.
 *
 * A line is written with one look at the room that is left, because pages have many of them: the
 * labels are escaped already, and a number's size has a bound.
 */
#include "exposition_lines.h"

#include <string.h>

/* Braces, a comma, a blank, and what may follow a number. */
#define LINE_EXTRA 8

static char *copy(char *out, const char *data, size_t size)
{
    memcpy(out, data, size);
    return out + size;
}

struct promon__stem promon__stem_without(const char *name, const char *suffix)
{
    const size_t size = strlen(name), suffix_size = strlen(suffix);

    if (size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0)
        return (struct promon__stem){name, size - suffix_size};
    return (struct promon__stem){name, size};
}

void promon__line_describe(struct text *out, const char *keyword, struct promon__stem stem)
{
    text_bytes(out, "# ", 2);
    text_string(out, keyword);
    text_char(out, ' ');
    text_bytes(out, stem.text, stem.size);
    text_char(out, ' ');
}

void promon__line_word(struct text *out, const char *keyword, struct promon__stem stem,
                       const char *word)
{
    promon__line_describe(out, keyword, stem);
    text_string(out, word);
    text_char(out, '\n');
}

void promon__line_help(struct text *out, struct promon__stem stem, const char *help, bool quotes)
{
    promon__line_describe(out, "HELP", stem);
    promon__line_escape(out, help, quotes);
    text_char(out, '\n');
}

void promon__line_escape(struct text *out, const char *string, bool quotes)
{
    const char *special = quotes ? "\\\n\"" : "\\\n";

    for (;;) {
        const size_t plain = strcspn(string, special);

        text_bytes(out, string, plain);
        string += plain;
        if (*string == '\0')
            return;
        text_char(out, '\\');
        text_char(out, *string == '\n' ? 'n' : *string);
        string++;
    }
}

char *promon__line_begin(struct text *out, const struct promon__sample *sample)
{
    const size_t suffix_size = strlen(sample->suffix);
    const size_t label_size = sample->series->label_text_size;
    char *end = text_reserve(out, sample->stem.size + suffix_size + label_size + sample->more_size +
                                      PROMON__NUMBER_SIZE + LINE_EXTRA);

    if (end == NULL)
        return NULL;
    end = copy(end, sample->stem.text, sample->stem.size);
    end = copy(end, sample->suffix, suffix_size);
    if (label_size + sample->more_size != 0) {
        *end++ = '{';
        end = copy(end, sample->series->label_text, label_size);
        if (label_size != 0 && sample->more_size != 0)
            *end++ = ',';
        if (sample->more_size != 0)
            end = copy(end, sample->more, sample->more_size);
        *end++ = '}';
    }
    *end++ = ' ';
    return end;
}

void promon__line_reach(struct text *out, char *end)
{
    *end = '\0';
    out->size = (size_t)(end - out->data);
}

static void end_line(struct text *out, char *end)
{
    *end++ = '\n';
    promon__line_reach(out, end);
}

void promon__line_number(struct text *out, const struct promon__sample *sample,
                         const struct promon__number *number)
{
    char *end = promon__line_begin(out, sample);

    if (end != NULL)
        end_line(out, promon__format_number(end, number));
}

void promon__line_unsigned(struct text *out, const struct promon__sample *sample, uint64_t number)
{
    char *end = promon__line_begin(out, sample);

    if (end != NULL)
        end_line(out, promon__format_unsigned(end, number));
}

void promon__line_real(struct text *out, const struct promon__sample *sample, double number)
{
    char *end = promon__line_begin(out, sample);

    if (end != NULL)
        end_line(out, promon__format_real(end, number));
}

void promon__line_seconds(struct text *out, const struct promon__sample *sample, double seconds)
{
    char *end = promon__line_begin(out, sample);

    if (end != NULL)
        end_line(out, promon__format_seconds(end, seconds));
}

void promon__line_states(struct text *out, const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series)
{
    size_t i;

    for (i = 0; i < family->n_states; i++) {
        text_string(out, family->name);
        text_char(out, '{');
        text_bytes(out, series->label_text, series->label_text_size);
        if (series->label_text_size != 0)
            text_char(out, ',');
        text_string(out, family->name);
        text_bytes(out, "=\"", 2);
        promon__line_escape(out, family->states[i], true);
        text_bytes(out, (series->states >> i & 1) != 0 ? "\"} 1\n" : "\"} 0\n", 5);
    }
}

void promon__text_real(struct text *out, double number)
{
    char *end = text_reserve(out, PROMON__NUMBER_SIZE);

    if (end != NULL)
        promon__line_reach(out, promon__format_real(end, number));
}

void promon__text_seconds(struct text *out, double seconds)
{
    char *end = text_reserve(out, PROMON__NUMBER_SIZE);

    if (end != NULL)
        promon__line_reach(out, promon__format_seconds(end, seconds));
}

void promon__line_exemplar(struct text *out, const struct promon__exemplar *exemplar)
{
    if (exemplar == NULL)
        return;
    text_bytes(out, " # {", 4);
    text_bytes(out, exemplar->label_text, exemplar->label_text_size);
    text_bytes(out, "} ", 2);
    promon__text_real(out, exemplar->value);
    text_char(out, ' ');
    promon__text_seconds(out, exemplar->timestamp_s);
}
