/*
 * The threads of the load. What is wrong with an answer is told once and ends all threads.
 */
#include "parcel_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_client.h"

enum {
    TIMEOUT_MS = 60000,
    PAUSE_US = 300,
    PAUSE_WHEN_AWAY_US = 5000,
    LIST_LIMIT = 7,
    INCLUDE_LIMIT = 3
};

struct asking {
    struct parcel_sender *sender;
    struct http_client *client;
};

__attribute__((format(printf, 2, 3))) static void tell(struct parcel_load *load, const char *format,
                                                       ...)
{
    char *none = NULL;
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    if (!atomic_compare_exchange_strong(&load->fault, &none, text))
        free(text);
    atomic_store(&load->stopping, true);
}

/* The same for an answer that was 200, with all of it. */
static void tell_wrong(struct asking *asking, const char *target, const json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);

    tell(asking->sender->load, "%s has a wrong answer: %s", target, text == NULL ? "" : text);
    free(text);
}

static unsigned pick(struct parcel_sender *sender, unsigned below)
{
    sender->random = sender->random * 1103515245u + 12345u;
    return (sender->random >> 8) % below;
}

/* Whether the answer says that the database is away, as it may. */
static bool is_excused(struct asking *asking, const char *target, const struct http_reply *reply)
{
    struct parcel_load *load = asking->sender->load;

    if (reply->status == 503 && http_reply_header(reply, "Retry-After") != NULL) {
        atomic_fetch_add(&load->n_unavailable, 1);
        return true;
    }
    if (reply->status == 504 && atomic_load(&load->may_be_late)) {
        atomic_fetch_add(&load->n_late, 1);
        return true;
    }
    tell(load, "%s is %u: %s", target, reply->status, reply->body);
    return false;
}

/* Asks once; the body of a right answer, or NULL. */
static json_t *ask(struct asking *asking, const struct http_message *message, unsigned status)
{
    struct http_reply reply;
    json_t *body = NULL;

    if (!http_client_send(asking->client, message) ||
        !http_client_read(asking->client, false, &reply)) {
        tell(asking->sender->load, "%s %s has no answer", message->method, message->target);
        return NULL;
    }
    if (reply.status == status) {
        body = json_loadb(reply.body, reply.body_size, 0, NULL);
        if (body == NULL)
            tell(asking->sender->load, "%s is no JSON: %s", message->target, reply.body);
        else
            atomic_fetch_add(&asking->sender->load->n_right, 1);
    } else if (is_excused(asking, message->target, &reply)) {
        usleep(PAUSE_WHEN_AWAY_US);
    }
    http_reply_clear(&reply);
    return body;
}

static json_t *get(struct asking *asking, const char *target)
{
    const struct http_message message = {.method = "GET", .target = target};

    return ask(asking, &message, 200);
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void ask_for_one(struct asking *asking)
{
    const int id = 1 + (int)pick(asking->sender, SENDERS * PARCELS_EACH);
    char target[64];
    json_t *body;

    snprintf(target, sizeof(target), "/parcels/%d", id);
    body = get(asking, target);
    if (body != NULL && (!parcels_is_whole(body) || number_of(body, "id") != id))
        tell_wrong(asking, target, body);
    json_decref(body);
}

/* Whether a list document has `count` parcels, all whole and this sender's. */
static bool is_list_of(const json_t *document, int sender, size_t count)
{
    const json_t *list = json_object_get(document, "data");
    const json_t *meta = json_object_get(document, "meta");

    if (json_array_size(list) != count || number_of(meta, "count") != (json_int_t)count ||
        number_of(meta, "total_count") < PARCELS_EACH)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *parcel = json_array_get(list, i);

        if (!parcels_is_whole(parcel) || number_of(parcel, "sender_id") != sender)
            return false;
    }
    return true;
}

static void ask_for_list(struct asking *asking)
{
    const int sender = 1 + (int)pick(asking->sender, SENDERS);
    char target[128];
    json_t *body;

    snprintf(target, sizeof(target), "/parcels?filter[sender_id]=%d&page[limit]=%d&sort=-id",
             sender, LIST_LIMIT);
    body = get(asking, target);
    if (body != NULL && !is_list_of(body, sender, LIST_LIMIT))
        tell_wrong(asking, target, body);
    json_decref(body);
}

/* Whether these are all senders, in order, each with parcels of its own. */
static bool is_all_senders(const json_t *document)
{
    const json_t *list = json_object_get(document, "data");

    if (json_array_size(list) != SENDERS)
        return false;
    for (size_t i = 0; i < SENDERS; i++) {
        const json_t *sender = json_array_get(list, i);

        if (number_of(sender, "id") != (json_int_t)i + 1 ||
            !is_list_of(json_object_get(sender, "parcels"), (int)i + 1, INCLUDE_LIMIT))
            return false;
    }
    return true;
}

static void ask_for_include(struct asking *asking)
{
    char target[128];
    json_t *body;

    snprintf(target, sizeof(target), "/senders?include=parcels&page[parcels.limit]=%d",
             INCLUDE_LIMIT);
    body = get(asking, target);
    if (body != NULL && !is_all_senders(body))
        tell_wrong(asking, target, body);
    json_decref(body);
}

static char *new_parcel(int sender, int number)
{
    char content[PARCEL_CONTENT_SIZE];
    char checksum[CHECKSUM_SIZE];
    json_t *body;
    char *text;

    parcels_content(sender, number, content);
    parcels_checksum(sender, number, content, checksum);
    body = json_pack("{s{sisissss}}", "data", "sender_id", sender, "number", number, "content",
                     content, "checksum", checksum);
    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text == NULL)
        abort();
    return text;
}

static void send_parcel(struct asking *asking)
{
    struct parcel_sender *sender = asking->sender;
    const int number = ++sender->number;
    char *text = new_parcel(sender->id, number);
    const struct http_message message = {
        .method = "POST", .target = "/parcels", .body = text, .body_size = strlen(text)};
    json_t *body;

    sender->fate[number] = FATE_SENT;
    body = ask(asking, &message, 201);
    if (body != NULL) {
        const json_t *parcel = json_object_get(body, "data");

        sender->fate[number] = FATE_ACKNOWLEDGED;
        atomic_fetch_add(&sender->load->n_acknowledged, 1);
        if (!parcels_is_whole(parcel) || number_of(parcel, "number") != number ||
            number_of(parcel, "sender_id") != sender->id)
            tell_wrong(asking, message.target, body);
    }
    json_decref(body);
    free(text);
}

static void *run(void *data)
{
    struct parcel_sender *sender = data;
    struct asking asking = {.sender = sender};

    asking.client = http_client_open(sender->load->port, TIMEOUT_MS);
    while (!atomic_load(&sender->load->stopping) && sender->number + 1 < NUMBERS_MAX) {
        const unsigned kind = pick(sender, 10);

        if (kind < 5)
            ask_for_one(&asking);
        else if (kind < 7)
            ask_for_list(&asking);
        else if (kind < 8)
            ask_for_include(&asking);
        else
            send_parcel(&asking);
        usleep(PAUSE_US);
    }
    http_client_close(asking.client);
    return NULL;
}

struct parcel_load *parcel_load_new(void)
{
    struct parcel_load *load = calloc(1, sizeof(*load));

    if (load == NULL)
        return NULL;
    for (int i = 0; i < SENDERS; i++) {
        load->senders[i].load = load;
        load->senders[i].id = i + 1;
        load->senders[i].number = PARCELS_EACH;
        load->senders[i].random = (unsigned)i * 2654435761u + 1;
        for (int number = 1; number <= PARCELS_EACH; number++)
            load->senders[i].fate[number] = FATE_ACKNOWLEDGED;
    }
    return load;
}

bool parcel_load_start(struct parcel_load *load)
{
    atomic_store(&load->stopping, false);
    for (int i = 0; i < SENDERS; i++) {
        if (pthread_create(&load->senders[i].thread, NULL, run, &load->senders[i]) != 0)
            return false;
    }
    return true;
}

void parcel_load_stop(struct parcel_load *load)
{
    atomic_store(&load->stopping, true);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(load->senders[i].thread, NULL);
}
