/*
 * Targets of pushes: the gateway's URL with the path of the group behind it, and credentials.
 *
 * Order: new, free.
 * Invariant: no secret is part of the URL, which errors show.
 */
#include "push_target.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "labels.h"
#include "push_path.h"
#include "text.h"
#include "utf8.h"

enum { DEFAULT_TIMEOUT_MS = 10000 };

static enum promon_status wrong(struct promon_error *error, const char *what)
{
    return promon__fail(error, PROMON_EINVALID, "push: %s", what);
}

/* One line that can stand in a header. */
static bool is_token(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

static bool is_text(const char *text)
{
    return utf8_is_valid(text, strlen(text));
}

static enum promon_status check_grouping(const char *const *grouping, size_t *n_pairs,
                                         struct promon_error *error)
{
    size_t i, other;

    for (i = 0; grouping != NULL && grouping[i] != NULL; i += 2) {
        if (!promon__is_label_name(grouping[i]) || strcmp(grouping[i], "job") == 0)
            return promon__fail(error, PROMON_EINVALID, "push: grouping: %s",
                                strcmp(grouping[i], "job") == 0
                                    ? "\"job\" is given by the option job"
                                    : "a name is no name of a label");
        if (grouping[i + 1] == NULL)
            return wrong(error, "grouping: the last name has no value");
        if (!is_text(grouping[i + 1]))
            return wrong(error, "grouping: a value is not UTF-8");
        for (other = 0; other < i; other += 2) {
            if (strcmp(grouping[other], grouping[i]) == 0)
                return promon__fail(error, PROMON_EINVALID, "push: grouping: \"%s\" is there twice",
                                    grouping[i]);
        }
    }
    *n_pairs = i / 2;
    return PROMON_OK;
}

static enum promon_status check(const struct promon_push_options *options, size_t *n_pairs,
                                struct promon_error *error)
{
    if (options->url == NULL || options->url[0] == '\0')
        return wrong(error, "url is missing");
    if (options->job == NULL || options->job[0] == '\0')
        return wrong(error, "job is missing");
    if (!is_text(options->job))
        return wrong(error, "job is not UTF-8");
    if (options->mode != PROMON_PUSH_REPLACE && options->mode != PROMON_PUSH_ADD)
        return wrong(error, "mode is neither replace nor add");
    if (options->timeout_ms < 0 || options->timeout_ms > INT_MAX)
        return wrong(error, "timeout is out of range");
    if (options->bearer_token != NULL &&
        (!is_token(options->bearer_token) || options->user != NULL))
        return wrong(error, options->user != NULL ? "a user and a bearer token exclude each other"
                                                  : "bearer_token has a space or a line break");
    return check_grouping(options->grouping, n_pairs, error);
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool copy_grouping(struct promon__push_target *target, const char *const *grouping,
                          size_t n_pairs)
{
    size_t i;

    target->grouping = calloc(2 * n_pairs + 1, sizeof(*target->grouping));
    if (target->grouping == NULL)
        return false;
    for (i = 0; i < 2 * n_pairs; i++) {
        target->grouping[i] = strdup(grouping[i]);
        if (target->grouping[i] == NULL)
            return false;
    }
    qsort(target->grouping, n_pairs, 2 * sizeof(*target->grouping), compare_pairs);
    return true;
}

static bool copy_optional(char **out, const char *given)
{
    if (given != NULL)
        *out = strdup(given);
    return given == NULL || *out != NULL;
}

static bool copy_token(struct promon__push_target *target, const char *token)
{
    struct text header = {0};

    if (token == NULL)
        return true;
    text_string(&header, "Authorization: Bearer ");
    text_string(&header, token);
    target->authorization = text_take(&header, NULL);
    return target->authorization != NULL;
}

static bool copy(struct promon__push_target *target, const struct promon_push_options *options,
                 size_t n_pairs)
{
    return copy_optional(&target->job, options->job) &&
           copy_grouping(target, options->grouping, n_pairs) &&
           copy_optional(&target->user, options->user) &&
           copy_optional(&target->password, options->password) &&
           copy_optional(&target->ca_file, options->ca_file) &&
           copy_token(target, options->bearer_token);
}

/* Moves user and password out of the URL, unless the options have them. */
static enum promon_status take_userinfo(struct promon__push_target *target, CURLU *url)
{
    char *user = NULL, *password = NULL;
    bool is_copied = true;

    if (curl_url_get(url, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK &&
        target->user == NULL && target->authorization == NULL) {
        (void)curl_url_get(url, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
        is_copied = copy_optional(&target->user, user) &&
                    (target->password != NULL || copy_optional(&target->password, password));
    }
    curl_free(user);
    curl_free(password);
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    return is_copied ? PROMON_OK : PROMON_ENOMEM;
}

static bool is_http(CURLU *url)
{
    char *scheme = NULL;
    bool is_one = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_free(scheme);
    return is_one;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    const bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

/* The gateway's URL without '/' at its end, and the group's path. */
static enum promon_status join_url(struct promon__push_target *target, CURLU *url)
{
    struct text joined = {0};
    char *base = NULL;
    size_t size;

    if (curl_url_get(url, CURLUPART_URL, &base, 0) != CURLUE_OK)
        return PROMON_ENOMEM;
    for (size = strlen(base); size > 0 && base[size - 1] == '/'; size--)
        ;
    text_bytes(&joined, base, size);
    curl_free(base);
    promon__push_path(&joined, target->job, (const char *const *)target->grouping);
    target->url = text_take(&joined, NULL);
    return target->url == NULL ? PROMON_ENOMEM : PROMON_OK;
}

static enum promon_status parse_url(CURLU *url, const char *given, struct promon_error *error)
{
    struct text text = {0};
    CURLUcode code;

    if (strstr(given, "://") == NULL)
        text_string(&text, "http://");
    text_string(&text, given);
    if (text.failed)
        return promon__fail_memory(error);
    code = curl_url_set(url, CURLUPART_URL, text.data, 0);
    text_free(&text);
    if (code == CURLUE_OUT_OF_MEMORY)
        return promon__fail_memory(error);
    if (code != CURLUE_OK)
        return wrong(error, "url cannot be understood");
    if (!is_http(url))
        return wrong(error, "url is neither http nor https");
    if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return wrong(error, "url has a query or a fragment");
    return PROMON_OK;
}

static enum promon_status take_url(struct promon__push_target *target, const char *given,
                                   struct promon_error *error)
{
    CURLU *url = curl_url();
    enum promon_status status;

    if (url == NULL)
        return promon__fail_memory(error);
    status = parse_url(url, given, error);
    if (status == PROMON_OK) {
        status = take_userinfo(target, url);
        if (status == PROMON_OK)
            status = join_url(target, url);
        if (status != PROMON_OK)
            promon__fail_memory(error);
    }
    curl_url_cleanup(url);
    return status;
}

/* A user may stand in the URL, with the password elsewhere. Basic authentication ends it at ':'. */
static enum promon_status check_login(const struct promon__push_target *target,
                                      struct promon_error *error)
{
    if (target->password != NULL && target->user == NULL)
        return wrong(error, "a password needs a user");
    if (target->user != NULL && strchr(target->user, ':') != NULL)
        return wrong(error, "a user has no ':'");
    return PROMON_OK;
}

enum promon_status promon__push_target_new(const struct promon_push_options *options,
                                           struct promon__push_target *out,
                                           struct promon_error *error)
{
    struct promon__push_target target = {
        .mode = options->mode, .gzip = !options->no_gzip, .skip_verify = options->skip_verify};
    size_t n_pairs = 0;
    enum promon_status status = check(options, &n_pairs, error);

    if (status != PROMON_OK)
        return status;
    target.timeout_ms = options->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : (long)options->timeout_ms;
    if (!copy(&target, options, n_pairs))
        status = promon__fail_memory(error);
    if (status == PROMON_OK)
        status = take_url(&target, options->url, error);
    if (status == PROMON_OK)
        status = check_login(&target, error);
    if (status == PROMON_OK)
        *out = target;
    else
        promon__push_target_free(&target);
    return status;
}

/* A secret does not outlive its use in freed memory. */
static void free_secret(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void promon__push_target_free(struct promon__push_target *target)
{
    char **item;

    for (item = target->grouping; item != NULL && *item != NULL; item++)
        free(*item);
    free(target->grouping);
    free(target->url);
    free(target->job);
    free(target->user);
    free(target->ca_file);
    free_secret(target->password);
    free_secret(target->authorization);
    *target = (struct promon__push_target){.url = NULL};
}
