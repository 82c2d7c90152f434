/*
 * Listener guard. The server underneath reads leniently; what two readers of one message may
 * understand differently is refused here: two hosts, a body, a field that goes on in another line
 * or whose name is no token.
 *
 * Nothing that is answered has a body, so that lengths other than 0 and codings are refused too.
 */
#include "listener_guard.h"

#include <string.h>
#include <strings.h>

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        const char c = text[i];
        const bool is_word =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!is_word && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return size != 0;
}

static bool is_value(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_named(const char *name, size_t size, const char *wanted)
{
    return size == strlen(wanted) && strncasecmp(name, wanted, size) == 0;
}

static const char *look_at(struct promon__head *head, const char *name, size_t name_size,
                           const char *value, size_t value_size)
{
    if (!is_token(name, name_size))
        return "a header field has a malformed name";
    if (!is_value(value, value_size))
        return "a header field has a control character in its value";
    if (is_named(name, name_size, "Transfer-Encoding") || is_named(name, name_size, "Expect"))
        return "a body is not taken";
    if (is_named(name, name_size, "Content-Length") && (value_size != 1 || value[0] != '0'))
        return "a body is not taken";
    if (is_named(name, name_size, "Host") && ++head->hosts > 1)
        return "the Host field occurs more than once";
    return NULL;
}

void promon__head_field(struct promon__head *head, const char *name, size_t name_size,
                        const char *value, size_t value_size, bool is_continued)
{
    if (head->refusal != NULL)
        return;
    if (is_continued)
        head->refusal = "a header field is continued on another line";
    else
        head->refusal = look_at(head, name, name_size, value, value_size);
}

static bool is_target(const char *target)
{
    const char *c;

    for (c = target; *c != '\0'; c++) {
        if (*c <= ' ' || *c == 0x7f)
            return false;
    }
    return target[0] == '/';
}

const char *promon__head_refusal(const struct promon__head *head, const char *method,
                                 const char *target, const char *version)
{
    const bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;

    if (!is_1_1 && strcmp(version, "HTTP/1.0") != 0)
        return "the versions understood are HTTP/1.0 and HTTP/1.1";
    if (!is_token(method, strlen(method)))
        return "the method is malformed";
    if (!is_target(target))
        return "the target is no path";
    if (head->refusal == NULL && is_1_1 && head->hosts == 0)
        return "the Host field is missing";
    return head->refusal;
}
