/*
 * Protobuf: fields of messages as bytes, without a schema compiler. A message inside of another is
 * written between begin and end, and its size put before it then.
 */
#ifndef PROMON_SRC_PROTOBUF_H
#define PROMON_SRC_PROTOBUF_H

#include <stdint.h>

#include "text.h"

void promon__protobuf_unsigned(struct text *out, unsigned field, uint64_t number);
/* sint32 and sint64 */
void promon__protobuf_signed(struct text *out, unsigned field, int64_t number);
void promon__protobuf_double(struct text *out, unsigned field, double number);
void promon__protobuf_string(struct text *out, unsigned field, const char *string);

/* Returns what end takes; field 0 is a message on its own, with its size but no field. */
size_t promon__protobuf_begin(struct text *out, unsigned field);
void promon__protobuf_end(struct text *out, size_t begin);

#endif
