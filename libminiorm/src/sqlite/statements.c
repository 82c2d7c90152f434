/*
 * Statements: a hash table of prepared statements, in the order of their last use.
 *
 * Order: init, get as often as wanted, free before the connection is closed.
 * Invariant: count <= limit; every entry is in `recent` and in the bucket of its hash. SQLite
 * prepares a statement again by itself when the schema has changed.
 */
#include "statements.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "fault.h"

struct entry {
    struct miniorm__link recent;
    struct miniorm__link bucket;
    uint64_t hash;
    size_t sql_size;
    sqlite3_stmt *prepared;
};

enum miniorm_status miniorm__sqlite_statements_init(struct miniorm__sqlite_statements *statements,
                                                    sqlite3 *connection, size_t limit,
                                                    struct miniorm_error *error)
{
    size_t n_buckets = 16;
    size_t i;

    while (n_buckets < limit)
        n_buckets *= 2;
    statements->buckets = calloc(n_buckets, sizeof(*statements->buckets));
    if (statements->buckets == NULL)
        return miniorm__fail_memory(error);
    for (i = 0; i < n_buckets; i++)
        miniorm__list_init(&statements->buckets[i]);
    miniorm__list_init(&statements->recent);
    statements->connection = connection;
    statements->n_buckets = n_buckets;
    statements->count = 0;
    statements->limit = limit;
    return MINIORM_OK;
}

static void remove_entry(struct miniorm__sqlite_statements *statements, struct entry *entry)
{
    miniorm__list_remove(&entry->recent);
    miniorm__list_remove(&entry->bucket);
    (void)sqlite3_finalize(entry->prepared);
    free(entry);
    statements->count--;
}

void miniorm__sqlite_statements_free(struct miniorm__sqlite_statements *statements)
{
    if (statements->buckets == NULL)
        return;
    while (!miniorm__list_is_empty(&statements->recent))
        remove_entry(statements, MINIORM__OWNER(statements->recent.next, struct entry, recent));
    free(statements->buckets);
    statements->buckets = NULL;
}

static struct miniorm__link *bucket_of(const struct miniorm__sqlite_statements *statements,
                                       uint64_t hash)
{
    return &statements->buckets[hash & (statements->n_buckets - 1)];
}

static struct entry *find(const struct miniorm__sqlite_statements *statements,
                          const struct miniorm__statement *wanted)
{
    struct miniorm__link *bucket = bucket_of(statements, wanted->hash);
    struct miniorm__link *link;

    for (link = bucket->next; link != bucket; link = link->next) {
        struct entry *entry = MINIORM__OWNER(link, struct entry, bucket);

        if (entry->hash == wanted->hash && entry->sql_size == wanted->sql_size &&
            memcmp(sqlite3_sql(entry->prepared), wanted->sql, wanted->sql_size) == 0)
            return entry;
    }
    return NULL;
}

/* Whether nothing but white space, comments and semicolons follows the first statement. */
static bool is_rest_empty(sqlite3 *connection, const char *rest)
{
    sqlite3_stmt *second = NULL;
    const char *before;

    while (*rest != '\0') {
        before = rest;
        if (sqlite3_prepare_v2(connection, before, -1, &second, &rest) != SQLITE_OK)
            return false;
        if (second != NULL) {
            (void)sqlite3_finalize(second);
            return false;
        }
        if (rest == before)
            return true;
    }
    return true;
}

static enum miniorm_status prepare(sqlite3 *connection, const struct miniorm__statement *statement,
                                   sqlite3_stmt **out, struct miniorm_error *error)
{
    const char *rest = NULL;
    int code;

    if (statement->sql_size >= INT32_MAX)
        return miniorm__fail(error, MINIORM_ELIMIT, "statement: its text is longer than 2 GB");
    code = sqlite3_prepare_v3(connection, statement->sql, (int)statement->sql_size + 1,
                              SQLITE_PREPARE_PERSISTENT, out, &rest);
    if (code != SQLITE_OK)
        return miniorm__sqlite_fail(connection, code, error);
    if (*out == NULL)
        return miniorm__fail(error, MINIORM_EINVALID, "statement: its text is empty");
    if (is_rest_empty(connection, rest))
        return MINIORM_OK;
    (void)sqlite3_finalize(*out);
    return miniorm__fail(error, MINIORM_EINVALID,
                         "statement: another one follows, of which only the first would run");
}

static enum miniorm_status add(struct miniorm__sqlite_statements *statements,
                               const struct miniorm__statement *statement, struct entry **out,
                               struct miniorm_error *error)
{
    struct entry *entry = malloc(sizeof(*entry));
    enum miniorm_status status;

    if (entry == NULL)
        return miniorm__fail_memory(error);
    status = prepare(statements->connection, statement, &entry->prepared, error);
    if (status != MINIORM_OK) {
        free(entry);
        return status;
    }
    if (statements->count == statements->limit)
        remove_entry(statements, MINIORM__OWNER(statements->recent.previous, struct entry, recent));
    entry->hash = statement->hash;
    entry->sql_size = statement->sql_size;
    miniorm__list_prepend(&statements->recent, &entry->recent);
    miniorm__list_append(bucket_of(statements, entry->hash), &entry->bucket);
    statements->count++;
    *out = entry;
    return MINIORM_OK;
}

enum miniorm_status miniorm__sqlite_statements_get(struct miniorm__sqlite_statements *statements,
                                                   const struct miniorm__statement *statement,
                                                   sqlite3_stmt **out, struct miniorm_error *error)
{
    struct entry *entry = find(statements, statement);

    if (entry == NULL) {
        const enum miniorm_status status = add(statements, statement, &entry, error);

        if (status != MINIORM_OK)
            return status;
    } else {
        miniorm__list_remove(&entry->recent);
        miniorm__list_prepend(&statements->recent, &entry->recent);
    }
    *out = entry->prepared;
    return MINIORM_OK;
}
