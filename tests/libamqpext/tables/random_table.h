/*
 * Tables for tests: random ones, always the same for the same seed, and whether two are alike.
 */
#ifndef TEST_RANDOM_TABLE_H
#define TEST_RANDOM_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <amqpext/table.h>

/* 0 to limit - 1; *state is not 0. */
unsigned random_below(uint64_t *state, unsigned limit);

/* A table with all kinds of values, nested up to `levels` deep; NULL without memory. */
struct amqpext_table *random_table(uint64_t *state, unsigned levels);

bool tables_equal(const struct amqpext_table *left, const struct amqpext_table *right);
bool values_equal(const struct amqpext_value *left, const struct amqpext_value *right);

#endif
