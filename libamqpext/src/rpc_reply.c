/*
 * Replies: from what was received to what the program is told.
 */
#include "clock.h"
#include "histogram.h"
#include "rpc_client.h"
#include "serializer.h"

void amqpext__rpc_read_reply(const struct amqpext_rpc_client *client, struct rpc_call *call,
                             json_t **payload)
{
    const struct content *content = call->content;
    const struct amqpext_serializer *serializer;

    if (call->error.status != AMQPEXT_OK || content == NULL)
        return;
    serializer =
        amqpext__serializer_to_read(content->properties.content_type, client->serializer, NULL, 0);
    (void)amqpext__serializer_decode(serializer, content->body, content->body_size, payload,
                                     &call->error);
}

void amqpext__rpc_call_end(struct rpc_call *call)
{
    struct amqpext_rpc_client *client = call->client;
    const bool has_reply = call->content != NULL;
    const uint64_t time_us = monotonic_us() - call->begun_us;

    amqpext__rpc_call_free(call);
    pthread_mutex_lock(&client->lock);
    if (has_reply)
        amqpext__histogram_add(&client->figures.call_time, time_us);
    client->figures.pending--;
    if (client->figures.pending == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

void amqpext__rpc_tell(struct job *job)
{
    struct rpc_call *call = (struct rpc_call *)(void *)job;
    json_t *payload = NULL;

    amqpext__rpc_read_reply(call->client, call, &payload);
    if (call->done != NULL) {
        const struct content *content = call->content;
        const struct amqpext_rpc_reply reply = {
            .size = sizeof(reply),
            .error = call->error.status == AMQPEXT_OK ? NULL : &call->error,
            .payload = payload,
            .body = content == NULL ? NULL : content->body,
            .body_size = content == NULL ? 0 : content->body_size,
            .properties = content == NULL ? NULL : &content->properties,
        };

        call->done(call->data, &reply);
    }
    json_decref(payload);
    amqpext__rpc_call_end(call);
}
