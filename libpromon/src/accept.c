/*
 * Accept headers, as RFC 9110 has them:
 *
 *     element  = value *( ";" name "=" ( token / quoted ) )
 *     header   = [ element *( "," element ) ]
 *
 * Blanks may stand between all of these but around "=". Invariant: promon__accept_next moves on at
 * each call, and never beyond the end of the string.
 */
#include "accept.h"

#include <string.h>

static bool is_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* The end of the element, whatever is in it: a comma that no quotes hide, or the end. */
static const char *find_end(const char *at)
{
    bool is_quoted = false;

    for (; *at != '\0' && (is_quoted || *at != ','); at++) {
        if (*at == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && *at == '\\' && at[1] != '\0')
            at++;
    }
    return at;
}

static struct promon__part read_token(const char **at, char also)
{
    const char *start = *at;

    while (is_token(**at) || (also != '\0' && **at == also))
        (*at)++;
    return (struct promon__part){start, (size_t)(*at - start)};
}

/* What a backslash hides stays as it is: no value that matters has one. */
static bool read_quoted(const char **at, struct promon__part *out)
{
    const char *start = ++*at;

    for (; **at != '"'; (*at)++) {
        if (**at == '\\')
            (*at)++;
        if (**at == '\0')
            return false;
    }
    *out = (struct promon__part){start, (size_t)(*at - start)};
    (*at)++;
    return true;
}

/* 0 to 1 with at most three decimals. */
static bool read_weight(struct promon__part part, unsigned *out)
{
    unsigned weight, place = 100;
    size_t i;

    if (part.size == 0 || part.size > 5 || (part.text[0] != '0' && part.text[0] != '1') ||
        (part.size > 1 && part.text[1] != '.'))
        return false;
    weight = part.text[0] == '1' ? PROMON__WEIGHT_MAX : 0;
    for (i = 2; i < part.size; i++, place /= 10) {
        if (part.text[i] < '0' || part.text[i] > '9')
            return false;
        weight += (unsigned)(part.text[i] - '0') * place;
    }
    if (weight > PROMON__WEIGHT_MAX)
        return false;
    *out = weight;
    return true;
}

static bool keep_parameter(struct promon__element *element, struct promon__part name,
                           struct promon__part value)
{
    if (promon__part_is(name, "q"))
        return read_weight(value, &element->weight);
    if (element->n_parameters == PROMON__ACCEPT_PARAMETERS)
        return false;
    element->parameters[element->n_parameters].name = name;
    element->parameters[element->n_parameters].value = value;
    element->n_parameters++;
    return true;
}

static bool read_parameter(const char **at, struct promon__element *element)
{
    const struct promon__part name = read_token(at, '\0');
    struct promon__part value;

    if (name.size == 0)
        return **at == ';' || **at == ',' || **at == '\0';
    if (**at != '=')
        return false;
    (*at)++;
    if (**at == '"') {
        if (!read_quoted(at, &value))
            return false;
    } else {
        value = read_token(at, '\0');
        if (value.size == 0)
            return false;
    }
    return keep_parameter(element, name, value);
}

static bool read_element(const char *at, const char *end, struct promon__element *element)
{
    *element = (struct promon__element){.weight = PROMON__WEIGHT_MAX};
    element->value = read_token(&at, '/');
    if (element->value.size == 0)
        return false;
    for (;;) {
        at = skip_blanks(at);
        if (at >= end)
            return at == end;
        if (*at != ';')
            return false;
        at = skip_blanks(at + 1);
        if (!read_parameter(&at, element))
            return false;
    }
}

bool promon__accept_next(const char **header, struct promon__element *element)
{
    for (;;) {
        const char *start = skip_blanks(*header);
        const char *end = find_end(start);

        if (*start == '\0')
            return false;
        *header = *end == ',' ? end + 1 : end;
        if (read_element(start, end, element))
            return true;
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool promon__part_is(struct promon__part part, const char *word)
{
    size_t i;

    for (i = 0; i < part.size; i++) {
        if (lower(part.text[i]) != lower(word[i]) || word[i] == '\0')
            return false;
    }
    return word[i] == '\0';
}

struct promon__part promon__element_parameter(const struct promon__element *element,
                                              const char *name)
{
    size_t i;

    for (i = 0; i < element->n_parameters; i++) {
        if (promon__part_is(element->parameters[i].name, name))
            return element->parameters[i].value;
    }
    return (struct promon__part){NULL, 0};
}
