/*
 * Pushes: items of "push" to pushers.
 *
 * Invariant: a pusher is freed once, by the list that has it last.
 */
#include "config_push.h"

#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "error.h"
#include "pusher.h"
#include "secrets.h"

enum { MAX_PUSHES = 64, MAX_RETRIES = 100 };

struct push {
    char *url, *job, *user, *password, *bearer_token, *ca_file;
    json_t *grouping;
    int mode; /* enum promon_push_mode */
    int64_t interval_ms, timeout_ms, retry_delay_ms;
    unsigned retries;
    bool gzip, verify_ssl, delete_on_close;
};

static const char *const modes[] = {
    [PROMON_PUSH_REPLACE] = "replace", [PROMON_PUSH_ADD] = "add", NULL};

#define KEY(key, as, to) \
    .name = (key), .kind = PROMON__KEY_##as, .offset = offsetof(struct push, to)

static const struct promon__key keys[] = {
    {KEY("url", TEXT, url), .is_required = true},
    {KEY("job", TEXT, job), .is_required = true},
    {KEY("grouping", OBJECT, grouping)},
    {KEY("mode", CHOICE, mode), .choices = modes},
    {KEY("interval", SECONDS, interval_ms), .minimum = 0.1},
    {KEY("timeout", SECONDS, timeout_ms), .minimum = 0.001},
    {KEY("retries", COUNT, retries), .maximum = MAX_RETRIES},
    {KEY("retry_delay", SECONDS, retry_delay_ms), .minimum = 0.001},
    {KEY("gzip", SWITCH, gzip)},
    {KEY("user", TEXT, user)},
    {KEY("password", TEXT, password)},
    {KEY("bearer_token", TEXT, bearer_token)},
    {KEY("ca_file", PATH, ca_file)},
    {KEY("verify_ssl", SWITCH, verify_ssl)},
    {KEY("delete_on_close", SWITCH, delete_on_close)},
    {.name = NULL}};

/* The list while it is read. */
struct reader {
    struct promon *promon;
    const struct promon__fingerprint_key *key;
    struct promon__reading reading;
    struct promon__place list;
    struct promon__pushes *now;
};

static enum promon_status take_label(const struct reader *reader, json_t *grouping, void *iterator,
                                     const struct promon__place *parent)
{
    const struct promon__place place = {parent, json_object_iter_key(iterator), 0};
    struct promon_error inner = PROMON_ERROR_INIT;
    json_t *value = json_object_iter_value(iterator);

    if (json_is_string(value))
        return PROMON_OK;
    if (!json_is_object(value))
        return promon__keys_expected("a string", value, &place, reader->reading.error);
    if (promon__secret_read(value, reader->reading.folder, &value, &inner) != PROMON_OK)
        return promon__wrong_below(&place, &inner, reader->reading.error);
    json_object_iter_set_new(grouping, iterator, value);
    return PROMON_OK;
}

/* *out is an array of names and values of `grouping`, freed by the caller. */
static enum promon_status take_grouping(const struct reader *reader, json_t *grouping,
                                        const struct promon__place *place, const char ***out)
{
    const char **pairs = calloc(2 * json_object_size(grouping) + 1, sizeof(*pairs));
    enum promon_status status = PROMON_OK;
    void *iterator;
    size_t i = 0;

    if (pairs == NULL)
        return promon__fail_memory(reader->reading.error);
    for (iterator = json_object_iter(grouping); iterator != NULL && status == PROMON_OK;
         iterator = json_object_iter_next(grouping, iterator)) {
        status = take_label(reader, grouping, iterator, place);
        pairs[i++] = json_object_iter_key(iterator);
        pairs[i++] = json_string_value(json_object_iter_value(iterator));
    }
    if (status == PROMON_OK)
        *out = pairs;
    else
        free(pairs);
    return status;
}

/* The place says it already. */
static void leave_out(struct promon_error *error, const char *head)
{
    const size_t size = strlen(head);

    if (strncmp(error->message, head, size) == 0)
        memmove(error->message, error->message + size, strlen(error->message + size) + 1);
}

static enum promon_status make_pusher(const struct reader *reader, const struct push *push,
                                      const char *const *grouping,
                                      const struct promon__place *place, struct promon_pusher **out)
{
    const struct promon_push_options options = {.size = sizeof(options),
                                                .url = push->url,
                                                .job = push->job,
                                                .grouping = grouping,
                                                .mode = (enum promon_push_mode)push->mode,
                                                .interval_ms = push->interval_ms,
                                                .timeout_ms = push->timeout_ms,
                                                .retries = push->retries,
                                                .retry_delay_ms = push->retry_delay_ms,
                                                .no_gzip = !push->gzip,
                                                .delete_on_free = push->delete_on_close,
                                                .user = push->user,
                                                .password = push->password,
                                                .bearer_token = push->bearer_token,
                                                .ca_file = push->ca_file,
                                                .skip_verify = !push->verify_ssl};
    struct promon_error inner = PROMON_ERROR_INIT;

    if (promon_pusher_new(reader->promon, &options, out, &inner) == PROMON_OK)
        return PROMON_OK;
    leave_out(&inner, "push: ");
    return promon__wrong_below(place, &inner, reader->reading.error);
}

static struct promon__push *find(struct promon__pushes *pushes,
                                 const struct promon__fingerprint *fingerprint)
{
    size_t i;

    for (i = 0; i < pushes->count; i++) {
        if (!pushes->items[i].is_shared &&
            strcmp(pushes->items[i].fingerprint.text, fingerprint->text) == 0)
            return &pushes->items[i];
    }
    return NULL;
}

/* The pusher that is there, or a new one. */
static enum promon_status take_pusher(const struct reader *reader, const struct push *push,
                                      const char *const *grouping,
                                      const struct promon__place *place, struct promon__push *out)
{
    struct promon__push *same = find(reader->now, &out->fingerprint);

    if (same == NULL)
        return make_pusher(reader, push, grouping, place, &out->pusher);
    same->is_shared = true;
    *out = *same;
    return PROMON_OK;
}

static enum promon_status read_push(const struct reader *reader, json_t *json,
                                    const struct promon__place *place, struct push *push,
                                    struct promon__push *out)
{
    const struct promon__place grouping_place = {place, "grouping", 0};
    const char **grouping = NULL;
    enum promon_status status = promon__keys_read(keys, json, place, push, &reader->reading);

    if (status == PROMON_OK)
        status = take_grouping(reader, push->grouping, &grouping_place, &grouping);
    if (status == PROMON_OK && !promon__fingerprint_take(reader->key, json, &out->fingerprint))
        status = promon__fail_memory(reader->reading.error);
    if (status == PROMON_OK)
        status = take_pusher(reader, push, grouping, place, out);
    free(grouping);
    return status;
}

static enum promon_status read_item(const struct reader *reader, json_t *json,
                                    const struct promon__place *place, struct promon__push *out)
{
    struct push push = {.gzip = true, .verify_ssl = true};
    const enum promon_status status = read_push(reader, json, place, &push, out);

    promon__keys_free(keys, &push);
    return status;
}

static enum promon_status read_list(const struct reader *reader, json_t *list,
                                    struct promon__pushes *out)
{
    const size_t count = json_is_object(list) ? 1 : json_array_size(list);
    enum promon_status status = PROMON_OK;

    if (count > MAX_PUSHES)
        return promon__wrong(&reader->list, reader->reading.error, "more than %d", MAX_PUSHES);
    out->items = calloc(count + 1, sizeof(*out->items));
    if (out->items == NULL)
        return promon__fail_memory(reader->reading.error);
    if (json_is_object(list)) {
        out->count = 1;
        return read_item(reader, list, &reader->list, &out->items[0]);
    }
    for (out->count = 0; out->count < count && status == PROMON_OK; out->count++) {
        const struct promon__place place = {&reader->list, NULL, out->count};

        status =
            read_item(reader, json_array_get(list, out->count), &place, &out->items[out->count]);
    }
    return status;
}

enum promon_status promon__pushes_prepare(struct promon *promon, const struct promon__draft *draft,
                                          const struct promon__fingerprint_key *key,
                                          struct promon__pushes *now, struct promon__pushes *out,
                                          struct promon_error *error)
{
    const struct promon__place whole = {NULL, draft->name == NULL ? "" : draft->name, 0};
    const struct reader reader = {.promon = promon,
                                  .key = key,
                                  .reading = {draft->folder, error},
                                  .list = {&whole, "push", 0},
                                  .now = now};
    struct promon__pushes prepared = {.count = 0};
    const enum promon_status status = read_list(&reader, draft->push, &prepared);

    if (status == PROMON_OK)
        *out = prepared;
    else
        promon__pushes_drop(now, &prepared);
    return status;
}

static void forget_sharing(struct promon__pushes *pushes)
{
    size_t i;

    for (i = 0; i < pushes->count; i++)
        pushes->items[i].is_shared = false;
}

static void free_unshared(struct promon__pushes *pushes)
{
    size_t i;

    for (i = 0; i < pushes->count; i++) {
        if (!pushes->items[i].is_shared)
            promon_pusher_free(pushes->items[i].pusher);
    }
    free(pushes->items);
    *pushes = (struct promon__pushes){.count = 0};
}

void promon__pushes_keep(struct promon__pushes *now, struct promon__pushes *prepared)
{
    free_unshared(now);
    *now = *prepared;
    forget_sharing(now);
    *prepared = (struct promon__pushes){.count = 0};
}

void promon__pushes_drop(struct promon__pushes *now, struct promon__pushes *prepared)
{
    free_unshared(prepared);
    forget_sharing(now);
}

/* PROMON_ESTATE: it pushes already. */
enum promon_status promon__pushes_start(struct promon__pushes *pushes, struct promon_error *error)
{
    size_t i;

    for (i = 0; i < pushes->count; i++) {
        struct promon_error inner = PROMON_ERROR_INIT;
        const enum promon_status status = promon_pusher_start(pushes->items[i].pusher, &inner);

        if (status != PROMON_OK && status != PROMON_ESTATE)
            return promon__fail_copy(error, &inner);
    }
    return PROMON_OK;
}

void promon__pushes_end(struct promon__pushes *pushes)
{
    size_t i;

    for (i = 0; i < pushes->count; i++)
        promon__pusher_end(pushes->items[i].pusher);
}

/* How the last push went is in its metrics. */
void promon__pushes_await(struct promon__pushes *pushes)
{
    size_t i;

    for (i = 0; i < pushes->count; i++)
        (void)promon__pusher_await(pushes->items[i].pusher, NULL);
}

void promon__pushes_free(struct promon__pushes *pushes)
{
    free_unshared(pushes);
}
