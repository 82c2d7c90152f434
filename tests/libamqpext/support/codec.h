/*
 * rabbitmq-c's description of AMQP 0-9-1, wherever its headers are: structures of methods, their
 * numbers (AMQP_BASIC_PUBLISH_METHOD) and their encoding.
 */
#ifndef TEST_SUPPORT_CODEC_H
#define TEST_SUPPORT_CODEC_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#endif

#endif
