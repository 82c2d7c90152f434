/*
 * libamqpext: a producer that loses no message and a consumer that does not stop, over AMQP 0-9-1.
 * Includes all of its headers but <amqpext/testing.h>.
 */
#ifndef AMQPEXT_H
#define AMQPEXT_H

#include <amqpext/connection.h>
#include <amqpext/consumer.h>
#include <amqpext/delivery.h>
#include <amqpext/producer.h>
#include <amqpext/properties.h>
#include <amqpext/publish.h>
#include <amqpext/retry.h>
#include <amqpext/rpc.h>
#include <amqpext/serializer.h>
#include <amqpext/stats.h>
#include <amqpext/status.h>
#include <amqpext/table.h>
#include <amqpext/time.h>
#include <amqpext/topology.h>
#include <amqpext/version.h>

#endif
