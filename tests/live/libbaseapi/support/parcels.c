/*
 * Models, resources and first rows of parcels.
 */
#include "parcels.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

MINIORM_DEFINE(sender, SENDER_COLUMNS, "senders");
MINIORM_DEFINE(parcel, PARCEL_COLUMNS, "parcels");

static const struct miniorm_model *const models[] = {&sender_model, &parcel_model};

static const struct baseapi_resource senders, parcels;

static const struct baseapi_resource senders = {
    .path = "/senders",
    .model = &sender_model,
    .filters = "id",
    .sorts = "id",
    .includes = BASEAPI_INCLUDES({"parcels", &parcels, "id=sender_id"}),
};

static const struct baseapi_resource parcels = {
    .path = "/parcels",
    .model = &parcel_model,
    .methods = BASEAPI_CRUD,
    .filters = "id sender_id number",
    .sorts = "id number",
    .includes = BASEAPI_INCLUDES({"senders", &senders, "sender_id=id"}),
};

enum baseapi_status parcels_add(struct baseapi_app *app, struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi_app_add(app, &senders, error);

    return status == BASEAPI_OK ? baseapi_app_add(app, &parcels, error) : status;
}

static uint64_t hash(uint64_t seed, const char *text)
{
    uint64_t value = seed;

    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return value;
}

void parcels_checksum(int sender, int number, const char *content, char checksum[CHECKSUM_SIZE])
{
    const uint64_t seed =
        UINT64_C(14695981039346656037) ^ (uint64_t)sender << 32 ^ (uint64_t)number;

    snprintf(checksum, CHECKSUM_SIZE, "%016" PRIx64, hash(seed, content));
}

void parcels_content(int sender, int number, char content[PARCEL_CONTENT_SIZE])
{
    static const char *const words[] = {"glass", "paper", "Käse", "漢字", "\"quoted\"", "a\\b", ""};
    const size_t n_words = sizeof(words) / sizeof(words[0]);
    const unsigned count = (unsigned)(sender * 7 + number * 13) % 30;
    size_t size = 0;

    content[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        size += (size_t)snprintf(content + size, PARCEL_CONTENT_SIZE - size, "%s ",
                                 words[(unsigned)(number + sender) * (i + 1) % n_words]);
}

static enum miniorm_status insert_parcel(struct miniorm_session *session, int sender, int number,
                                         struct miniorm_error *error)
{
    char content[PARCEL_CONTENT_SIZE];
    char checksum[CHECKSUM_SIZE];
    struct parcel row = {.row = {0}};

    parcels_content(sender, number, content);
    parcels_checksum(sender, number, content, checksum);
    miniorm_set(parcel, &row, sender_id, sender);
    miniorm_set(parcel, &row, number, number);
    miniorm_set(parcel, &row, content, miniorm_text_from(content, strlen(content)));
    miniorm_set(parcel, &row, checksum, miniorm_text_from(checksum, strlen(checksum)));
    return miniorm_insert(session, &parcel_model, &row, false, error);
}

static enum miniorm_status insert_sender(struct miniorm_session *session, int id,
                                         struct miniorm_error *error)
{
    char name[20];
    struct sender row = {.row = {0}};
    enum miniorm_status status;

    snprintf(name, sizeof(name), "sender %d", id);
    miniorm_set(sender, &row, id, id);
    miniorm_set(sender, &row, name, miniorm_text_from(name, strlen(name)));
    status = miniorm_insert(session, &sender_model, &row, false, error);
    for (int number = 1; number <= PARCELS_EACH && status == MINIORM_OK; number++)
        status = insert_parcel(session, id, number, error);
    return status;
}

static enum miniorm_status insert_all(struct miniorm_session *session, void *data,
                                      struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;

    (void)data;
    for (int id = 1; id <= SENDERS && status == MINIORM_OK; id++)
        status = insert_sender(session, id, error);
    return status;
}

enum miniorm_status parcels_create(struct miniorm_session *session, struct miniorm_error *error)
{
    const size_t count = sizeof(models) / sizeof(models[0]);
    enum miniorm_status status = miniorm_schema_create(session, models, count, error);

    if (status == MINIORM_OK)
        status = miniorm_transaction_run(session, NULL, insert_all, NULL, error);
    return status;
}

bool parcels_is_whole(const json_t *parcel)
{
    const char *content = json_string_value(json_object_get(parcel, "content"));
    const char *told = json_string_value(json_object_get(parcel, "checksum"));
    char checksum[CHECKSUM_SIZE];

    if (content == NULL || told == NULL || !json_is_integer(json_object_get(parcel, "id")))
        return false;
    parcels_checksum((int)json_integer_value(json_object_get(parcel, "sender_id")),
                     (int)json_integer_value(json_object_get(parcel, "number")), content, checksum);
    return strcmp(told, checksum) == 0;
}
