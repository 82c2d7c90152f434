/*
 * Statements: what one connection has prepared, by the text and the types of the parameters.
 *
 * An entry is PENDING from the moment its Parse is queued until the answer, then READY; one whose
 * Parse failed or was skipped is forgotten. Names never repeat on a connection, so that a statement
 * that could not be closed is never in the way of a new one. The least recently used READY entry
 * goes first when there are too many; its name joins the list of names to close, which a long
 * transaction keeps from being closed: so that list has the same limit.
 */
#ifndef MINIORM_SRC_POSTGRES_STATEMENTS_H
#define MINIORM_SRC_POSTGRES_STATEMENTS_H

#include "../list.h"
#include "codec.h"

/* "m", the hash, '_', a number, NUL. */
#define MINIORM__PG_NAME_SIZE 32

enum miniorm__pg_prepared { MINIORM__PENDING = 1, MINIORM__READY = 2 };

struct miniorm__pg_statement {
    struct miniorm__link use; /* by last use, or in the list of names to close */
    struct miniorm__pg_statement *chain;
    enum miniorm__pg_prepared state;
    unsigned segment; /* of the pipeline, where the Parse was queued */
    uint64_t key;
    size_t sql_size;
    int n_types;
    const Oid *types; /* behind the text */
    char name[MINIORM__PG_NAME_SIZE];
    char sql[];
};

struct miniorm__pg_statements {
    struct miniorm__pg_statement **buckets;
    size_t n_buckets; /* a power of two */
    size_t count;
    size_t limit;
    unsigned serial;
    struct miniorm__link used; /* least recently used first */
    struct miniorm__link closing; /* to be closed on the server */
    size_t n_closing; /* of them; no entry is driven out while `limit` wait */
};

enum miniorm_status miniorm__pg_statements_init(struct miniorm__pg_statements *cache, size_t limit,
                                                struct miniorm_error *error);
void miniorm__pg_statements_free(struct miniorm__pg_statements *cache);

/* Key of a statement: its hash mixed with the types of its parameters. */
uint64_t miniorm__pg_statement_key(const struct miniorm__statement *statement,
                                   const struct miniorm__pg_parameters *parameters);

/* The entry, now the most recently used, or NULL. */
struct miniorm__pg_statement *miniorm__pg_statements_find(
    struct miniorm__pg_statements *cache, uint64_t key, const struct miniorm__statement *statement,
    const struct miniorm__pg_parameters *parameters);

/*
 * A new PENDING entry, for which an old one may have gone. NULL when there is no room (every entry
 * is PENDING, or too many wait to be closed) or no memory: the statement is to be sent unnamed.
 */
struct miniorm__pg_statement *miniorm__pg_statements_add(
    struct miniorm__pg_statements *cache, uint64_t key, const struct miniorm__statement *statement,
    const struct miniorm__pg_parameters *parameters);

/* Forgets and frees an entry whose Parse had no effect. */
void miniorm__pg_statements_forget(struct miniorm__pg_statements *cache,
                                   struct miniorm__pg_statement *entry);

/* An entry that waits to be closed is taken out, or waits again. */
void miniorm__pg_statements_closing_take(struct miniorm__pg_statements *cache,
                                         struct miniorm__pg_statement *entry);
void miniorm__pg_statements_closing_add(struct miniorm__pg_statements *cache,
                                        struct miniorm__pg_statement *entry);

/* Forgets the READY entries of a key, and has them closed. */
void miniorm__pg_statements_drop(struct miniorm__pg_statements *cache, uint64_t key);

#endif
