/*
 * An endpoint that is good for nothing but amqpext__log: for parts that log beside a connection.
 */
#ifndef AMQPEXT_SRC_LOG_ONLY_H
#define AMQPEXT_SRC_LOG_ONLY_H

#include "endpoint.h"

/* `connection` may be NULL. */
static inline struct endpoint log_only(const struct amqpext_connection_options *connection)
{
    struct endpoint endpoint = {.log = NULL};

    if (connection != NULL) {
        endpoint.log = connection->log;
        endpoint.log_data = connection->log_data;
        endpoint.log_level = connection->log_level != 0 ? connection->log_level : AMQPEXT_LOG_INFO;
    }
    return endpoint;
}

#endif
