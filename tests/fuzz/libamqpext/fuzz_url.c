/*
 * Any text as the URL of a broker: it becomes an endpoint that is complete, or an error that is
 * told; its mask never has the password in the place of the password, and never the query.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_host(const struct host *host)
{
    require(host->name[0] != '\0' && strlen(host->name) <= URL_HOST_MAX + 16);
    require(host->port != 0);
    require(strstr(host->text, host->name) != NULL);
}

static void check_endpoint(const struct endpoint *endpoint)
{
    size_t i;

    require(endpoint->n_hosts >= 1);
    for (i = 0; i < endpoint->n_hosts; i++)
        check_host(&endpoint->hosts[i]);
    require(endpoint->user[0] != '\0' && endpoint->password != NULL);
    require(endpoint->vhost[0] != '\0' && strlen(endpoint->vhost) <= 255);
    require(endpoint->heartbeat_s >= 1 && endpoint->heartbeat_s <= HEARTBEAT_MAX_S);
    require(endpoint->frame_max >= FRAME_MAX_LEAST && endpoint->frame_max <= FRAME_MAX_MOST);
    require(endpoint->connect_timeout_ms >= 1);
    require(endpoint->has_tls || endpoint->tls.ca_file == NULL);
}

static void check_mask(const char *url, size_t room)
{
    struct url parts;
    char *mask = malloc(room);
    const char *at;

    require(mask != NULL);
    amqpext_url_mask(url, mask, room);
    require(memchr(mask, '\0', room) != NULL && strchr(mask, '?') == NULL);
    if (amqpext__url_split(url, &parts, NULL) != AMQPEXT_OK) {
        require(strncmp(mask, "***", strlen(mask)) == 0);
    } else if (parts.has_password && room > strlen(url) + 8) {
        at = strchr(mask, '@');
        require(at != NULL && at - mask >= 4 && strncmp(at - 4, ":***", 4) == 0);
        require(strchr(mask + 8, ':') == at - 4);
    }
    free(mask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;
    char *url = malloc(size + 1);
    enum amqpext_status status;

    require(url != NULL);
    memcpy(url, data, size);
    url[size] = '\0';
    status = amqpext__endpoint_make(url, NULL, &endpoint, &error);
    if (status == AMQPEXT_OK) {
        check_endpoint(&endpoint);
        amqpext__endpoint_free(&endpoint);
    } else {
        require(status == AMQPEXT_EINVALID && error.message[0] != '\0');
    }
    check_mask(url, size + 16);
    check_mask(url, size / 2 + 1);
    free(url);
    return 0;
}
