/*
 * A probe whose peer says what the fuzzer says, and then closes. The module is the one that the
 * target includes, so that it is built for the fuzzer too.
 */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include <promon/cell.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "result_state.h"

/* What fits into the buffer of a socket. */
enum { PEER_BYTES = 65536 };

static const uint8_t *peer_says;
static size_t peer_size;
static int peer_fd = -1;
/* Each line comes by itself, for clients that take no more than one answer at a time. */
static bool peer_is_slow;

static inline void peer_leave(void)
{
    if (peer_fd >= 0)
        close(peer_fd);
    peer_fd = -1;
}

/* As much as the socket takes. */
static inline void peer_say(int fd)
{
    size_t at = 0;

    while (at < peer_size) {
        const void *end = memchr(peer_says + at, '\n', peer_size - at);
        size_t size = peer_size - at;

        if (peer_is_slow && end != NULL)
            size = (size_t)((const uint8_t *)end - peer_says) + 1 - at;
        if (send(fd, peer_says + at, size, MSG_NOSIGNAL) < 0)
            return;
        at += size;
    }
}

static inline enum promon_verdict peer_connect(const struct promon_target *target,
                                               int64_t deadline_ns, struct promon_result *result,
                                               int *fd)
{
    int ends[2];

    (void)target;
    (void)deadline_ns;
    (void)result;
    peer_leave();
    if (socketpair(AF_UNIX,
                   (peer_is_slow ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   ends) != 0)
        abort();
    peer_say(ends[1]);
    if (shutdown(ends[1], SHUT_WR) != 0)
        abort();
    peer_fd = ends[1];
    *fd = ends[0];
    return PROMON_UP;
}

static inline int peer_run(const struct promon_module *module, const char *params_json,
                           const uint8_t *data, size_t size)
{
    struct promon_host host = *promon__host();
    struct promon_params *params = NULL;
    struct promon_result result;
    void *context = NULL;
    unsigned i;

    host.connect = peer_connect;
    peer_says = data;
    peer_size = size < PEER_BYTES ? size : PEER_BYTES;
    if (promon__params_new(module->params, NULL, params_json, &params, NULL) != PROMON_OK ||
        module->open(&host, params, &context, NULL) != PROMON_OK)
        abort();
    /* Twice, for what is kept. */
    for (i = 0; i < 2; i++) {
        result.note = NULL;
        promon__result_reset(&result);
        promon__result_finish(
            &result, module->check(context, promon_now_ns() + INT64_C(60000000000), &result));
        if ((result.verdict == PROMON_UP) != (result.reason == PROMON_REASON_NONE))
            abort();
    }
    module->close(context);
    promon__params_free(params);
    peer_leave();
    return 0;
}

#endif
