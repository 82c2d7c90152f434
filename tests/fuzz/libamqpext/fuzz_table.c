/*
 * Bytes as a table: what the guard lets pass the decoder must read too; what was read must be the
 * same when it is written and read once more, copied, or merged into a table of our own.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/table_codec.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static struct bytes write_table(const struct amqpext_table *table)
{
    const size_t size = amqpext__table_size(table);
    char *bytes = malloc(size);

    check(bytes != NULL);
    check(amqpext__table_write(bytes, table) == bytes + size);
    return (struct bytes){bytes, size};
}

static void check_same(const struct amqpext_table *table, struct bytes written)
{
    const struct bytes again = write_table(table);

    check(bytes_equal(again, written));
    free((void *)(uintptr_t)again.data);
}

static void check_merged(const struct amqpext_table *table, struct bytes written)
{
    struct amqpext_table *merged = NULL;

    check(amqpext_table_new(&merged, NULL) == AMQPEXT_OK);
    check(amqpext__table_merge(merged, table, NULL) == AMQPEXT_OK);
    check(merged->n_values <= table->n_values);
    if (amqpext_table_count(merged) == amqpext_table_count(table))
        check_same(merged, written);
    check(amqpext__table_merge(merged, table, NULL) == AMQPEXT_OK);
    while (amqpext_table_count(merged) > 0 && merged->fields[0].name_size > 0 &&
           strlen(merged->fields[0].name) == merged->fields[0].name_size)
        amqpext_table_remove(merged, merged->fields[0].name);
    amqpext_table_free(merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct amqpext_table *table = NULL;
    const struct amqpext_table *again = NULL;
    struct arena arena = {0};
    const enum table_result result =
        amqpext__table_read((struct bytes){(const char *)data, size}, &arena, &table);
    struct bytes written;

    check(result != TABLE_NO_MEMORY);
    if (result == TABLE_READ) {
        check(table->n_values <= AMQPEXT_TABLE_VALUES_MAX);
        written = write_table(table);
        check(amqpext__table_read(written, &arena, &again) == TABLE_READ);
        check(again->n_values == table->n_values);
        check_same(again, written);
        check_same(amqpext__table_copy(&arena, table), written);
        check_merged(table, written);
        free((void *)(uintptr_t)written.data);
    }
    arena_free(&arena);
    return 0;
}
