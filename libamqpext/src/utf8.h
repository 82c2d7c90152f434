/*
 * UTF-8 as RFC 3629 has it: no surrogates, nothing beyond U+10FFFF, no overlong forms.
 */
#ifndef AMQPEXT_SRC_UTF8_H
#define AMQPEXT_SRC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool amqpext__utf8_is_valid(const char *data, size_t size);

#endif
