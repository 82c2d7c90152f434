/*
 * Transactions: an order of two models that happens as a whole or not at all, repeated when it collides
 * with another one, and a savepoint for a part that may fail.
 */
#include <stdio.h>

#include <miniorm/miniorm.h>

#define BOOK_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, text, title, 0)                                   \
    X(T, int4, stock, 0, .check = "stock >= 0")

#define SALE_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, int4, book_id, 0, .references = "books(id)")      \
    X(T, int4, copies, 0, .check = "copies > 0")           \
    X(T, text, voucher, MINIORM_NULLABLE | MINIORM_UNIQUE)

MINIORM_DECLARE(book, BOOK_COLUMNS);
MINIORM_DECLARE(sale, SALE_COLUMNS);
MINIORM_DEFINE(book, BOOK_COLUMNS, "books");
MINIORM_DEFINE(sale, SALE_COLUMNS, "sales");

static const struct miniorm_model *const models[] = {&book_model, &sale_model};

struct order {
    int32_t book_id;
    int32_t copies;
    struct miniorm_text voucher;
};

/* Takes the copies from the stock; the database refuses a stock below zero. */
static enum miniorm_status take_copies(struct miniorm_session *transaction,
                                       const struct order *order, struct miniorm_error *error)
{
    const struct miniorm_value copies = miniorm_value_integer(order->copies);
    struct miniorm_query *query = miniorm_query_update(&book_model);

    query = miniorm_query_set_raw(query, book_stock, "stock - $1", &copies, 1);
    query = miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(book_id, order->book_id)));
    return miniorm_run_take(transaction, query, NULL, error);
}

/* A voucher that was used before does not spoil the sale: only the savepoint is undone. */
static enum miniorm_status use_voucher(struct miniorm_session *transaction, struct sale *sale,
                                       struct miniorm_text voucher, struct miniorm_error *error)
{
    struct miniorm_error refusal = MINIORM_ERROR_INIT;
    struct miniorm_session *savepoint;
    enum miniorm_status status = miniorm_transaction_begin(transaction, NULL, &savepoint, error);

    if (status != MINIORM_OK)
        return status;
    miniorm_set(sale, sale, voucher, voucher);
    status = sale_row_update(savepoint, sale, &refusal);
    if (status == MINIORM_OK)
        return miniorm_transaction_commit(savepoint, error);
    miniorm_transaction_rollback(savepoint);
    if (status != MINIORM_EUNIQUE)
        return miniorm_error_set(error, status, "%s", refusal.message);
    printf("the voucher was used before\n");
    return MINIORM_OK;
}

static enum miniorm_status sell(struct miniorm_session *transaction, void *data,
                                struct miniorm_error *error)
{
    const struct order *order = data;
    struct sale sale = {0};
    enum miniorm_status status = take_copies(transaction, order, error);

    if (status != MINIORM_OK)
        return status;
    miniorm_set(sale, &sale, book_id, order->book_id);
    miniorm_set(sale, &sale, copies, order->copies);
    status = sale_insert(transaction, &sale, error);
    if (status == MINIORM_OK && order->voucher.size != 0)
        status = use_voucher(transaction, &sale, order->voucher, error);
    sale_clear(&sale);
    return status;
}

static void place(struct miniorm_session *session, struct order order)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    enum miniorm_status status = miniorm_transaction_run(session, NULL, sell, &order, &error);

    if (status == MINIORM_OK)
        printf("sold %d\n", order.copies);
    else
        printf("%d are not sold: %s\n", order.copies, miniorm_status_name(status));
}

static enum miniorm_status work(struct miniorm_session *session, struct miniorm_error *error)
{
    struct book book = {0};
    enum miniorm_status status = miniorm_schema_create(session, models, 2, error);

    miniorm_set(book, &book, title, MINIORM_S("Birthday"));
    miniorm_set(book, &book, stock, 5);
    if (status == MINIORM_OK)
        status = book_insert(session, &book, error);
    if (status == MINIORM_OK) {
        place(session, (struct order){book.id, 2, MINIORM_S("SPRING")});
        place(session, (struct order){book.id, 2, MINIORM_S("SPRING")});
        place(session, (struct order){book.id, 2, {NULL, 0}});
    }
    book_clear(&book);
    return status;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "sqlite::memory:";
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database;
    enum miniorm_status status = miniorm_database_open(url, NULL, &database, &error);

    if (status == MINIORM_OK) {
        status = work(miniorm_database_session(database), &error);
        miniorm_database_close(database);
    }
    if (status != MINIORM_OK)
        fprintf(stderr, "%s: %s\n", miniorm_status_name(status), error.message);
    return status == MINIORM_OK ? 0 : 1;
}
