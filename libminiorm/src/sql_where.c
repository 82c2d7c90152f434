/*
 * Conditions and orders as SQL text. No value is ever part of the text, and the text does not
 * depend on how long a list of values is, so that a statement is prepared once.
 */
#include "fragment.h"
#include "sql.h"

static const char *comparison(enum miniorm_operator op)
{
    switch (op) {
    case MINIORM_OP_EQ: return " = ";
    case MINIORM_OP_NE: return " <> ";
    case MINIORM_OP_LT: return " < ";
    case MINIORM_OP_LE: return " <= ";
    case MINIORM_OP_GT: return " > ";
    default: return " >= ";
    }
}

bool miniorm__sql_check_comparable(struct miniorm__sql *sql, unsigned column)
{
    const enum miniorm_type type = sql->model->columns[column].type;

    if (type != MINIORM_T_json && (type != MINIORM_T_jsonb || sql->dialect->id != MINIORM_SQLITE))
        return true;
    miniorm__sql_fail(sql, MINIORM_EUNSUPPORTED, "%s cannot compare %s.%s, which is %s",
                      sql->dialect->name, sql->model->table, sql->model->columns[column].name,
                      miniorm_type_name(type));
    return false;
}

static void write_pattern(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    const struct miniorm__dialect *dialect = sql->dialect;
    const char *const *parts = condition->op == MINIORM_OP_LIKE ? dialect->like : dialect->ilike;

    miniorm__sql_string(sql, parts[0]);
    if (dialect->like_has_pattern_first) {
        miniorm__sql_value(sql, &condition->values[0]);
        miniorm__sql_string(sql, parts[1]);
        miniorm__sql_column(sql, condition->column);
    } else {
        miniorm__sql_column(sql, condition->column);
        miniorm__sql_string(sql, parts[1]);
        miniorm__sql_value(sql, &condition->values[0]);
    }
    miniorm__sql_string(sql, parts[2]);
}

static void write_in(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    const bool is_in = condition->op == MINIORM_OP_IN;

    if (condition->n_values == 0) {
        miniorm__sql_string(sql, is_in ? "FALSE" : "TRUE");
        return;
    }
    miniorm__sql_column(sql, condition->column);
    miniorm__sql_string(sql, is_in ? sql->dialect->in_open : sql->dialect->not_in_open);
    miniorm__sql_array(sql, sql->model->columns[condition->column].type, condition->values,
                       condition->n_values);
    miniorm__sql_string(sql, sql->dialect->in_close);
}

static void write_between(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    miniorm__sql_column(sql, condition->column);
    miniorm__sql_string(sql, " BETWEEN ");
    miniorm__sql_value(sql, &condition->values[0]);
    miniorm__sql_string(sql, " AND ");
    miniorm__sql_value(sql, &condition->values[1]);
}

static void write_comparison(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    if (!miniorm__sql_check_comparable(sql, condition->column))
        return;
    if (condition->op == MINIORM_OP_IN || condition->op == MINIORM_OP_NOT_IN) {
        write_in(sql, condition);
    } else if (condition->op == MINIORM_OP_BETWEEN) {
        write_between(sql, condition);
    } else {
        miniorm__sql_column(sql, condition->column);
        miniorm__sql_string(sql, comparison(condition->op));
        miniorm__sql_value(sql, &condition->values[0]);
    }
}

/* An operand of AND, OR, NOT: a group of several stands in parentheses. */
static void write_operand(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    const bool is_group = (condition->op == MINIORM_OP_AND || condition->op == MINIORM_OP_OR) &&
                          condition->n_children > 0;

    if (is_group)
        miniorm__sql_bytes(sql, "(", 1);
    miniorm__sql_condition(sql, condition);
    if (is_group)
        miniorm__sql_bytes(sql, ")", 1);
}

static void write_group(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    const bool is_and = condition->op == MINIORM_OP_AND;
    size_t i;

    if (condition->n_children == 0)
        miniorm__sql_string(sql, is_and ? "TRUE" : "FALSE");
    for (i = 0; i < condition->n_children; i++) {
        if (i > 0)
            miniorm__sql_string(sql, is_and ? " AND " : " OR ");
        write_operand(sql, &condition->children[i]);
    }
}

static void write_raw(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    const struct miniorm__raw raw = {condition->sql, condition->values, condition->n_values};

    miniorm__sql_bytes(sql, "(", 1);
    miniorm__fragment_write(sql, &raw, MINIORM__FRAGMENT_PART);
    miniorm__sql_bytes(sql, ")", 1);
}

void miniorm__sql_condition(struct miniorm__sql *sql, const struct miniorm_condition *condition)
{
    switch (condition->op) {
    case MINIORM_OP_AND:
    case MINIORM_OP_OR: write_group(sql, condition); break;
    case MINIORM_OP_NOT:
        miniorm__sql_string(sql, "NOT (");
        miniorm__sql_condition(sql, &condition->children[0]);
        miniorm__sql_bytes(sql, ")", 1);
        break;
    case MINIORM_OP_IS_NULL:
    case MINIORM_OP_IS_NOT_NULL:
        miniorm__sql_column(sql, condition->column);
        miniorm__sql_string(sql, condition->op == MINIORM_OP_IS_NULL ? " IS NULL" : " IS NOT NULL");
        break;
    case MINIORM_OP_LIKE:
    case MINIORM_OP_ILIKE: write_pattern(sql, condition); break;
    case MINIORM_OP_RAW: write_raw(sql, condition); break;
    default: write_comparison(sql, condition); break;
    }
}

/* A where list is an AND whose items become items of the WHERE itself. */
static const char *write_items(struct miniorm__sql *sql, const struct miniorm_condition *condition,
                               const char *separator)
{
    size_t i;

    if (condition->op != MINIORM_OP_AND) {
        miniorm__sql_string(sql, separator);
        write_operand(sql, condition);
        return " AND ";
    }
    for (i = 0; i < condition->n_children; i++)
        separator = write_items(sql, &condition->children[i], separator);
    return separator;
}

static void write_where(struct miniorm__sql *sql, const struct miniorm__sql_where *where,
                        const char *separator)
{
    const struct miniorm__query_where *item;

    for (item = where->list; item != NULL; item = item->next)
        separator = write_items(sql, &item->condition, separator);
    if (where->by_default != NULL)
        write_items(sql, where->by_default, separator);
}

void miniorm__sql_where(struct miniorm__sql *sql, const struct miniorm__sql_where *where)
{
    write_where(sql, where, " WHERE ");
}

void miniorm__sql_and_where(struct miniorm__sql *sql, const struct miniorm__sql_where *where)
{
    write_where(sql, where, " AND ");
}

/* Said only where the database would do otherwise: an index serves the order more often then. */
static void write_nulls(struct miniorm__sql *sql, unsigned column, enum miniorm_order order)
{
    const bool is_nullable = (sql->model->columns[column].flags & MINIORM_NULLABLE) != 0;
    const bool is_descending = order == MINIORM_DESC || order == MINIORM_DESC_NULLS_LAST;
    const bool first = order == MINIORM_DESC || order == MINIORM_ASC_NULLS_FIRST;

    if (is_nullable && first != (is_descending == sql->dialect->nulls_are_large))
        miniorm__sql_string(sql, first ? " NULLS FIRST" : " NULLS LAST");
}

static void write_order_item(struct miniorm__sql *sql, const struct miniorm__query_order *item)
{
    const struct miniorm__raw raw = {item->sql, NULL, 0};

    if (item->sql != NULL) {
        miniorm__fragment_write(sql, &raw, MINIORM__FRAGMENT_PART);
        return;
    }
    if (!miniorm__sql_check_comparable(sql, item->column))
        return;
    miniorm__sql_column(sql, item->column);
    if (item->order == MINIORM_DESC || item->order == MINIORM_DESC_NULLS_LAST)
        miniorm__sql_string(sql, " DESC");
    write_nulls(sql, item->column, item->order);
}

void miniorm__sql_order(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    const struct miniorm__query_order *item;
    const char *separator = " ORDER BY ";

    for (item = query->order; item != NULL; item = item->next) {
        miniorm__sql_string(sql, separator);
        write_order_item(sql, item);
        separator = ", ";
    }
}
