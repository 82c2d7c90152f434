/*
 * Fragments: a tokenizer that knows just enough of SQL to tell placeholders from what looks like
 * them: quotes, dollar quotes, comments, names.
 *
 * Invariant: every byte of the text is either copied or part of a placeholder that is replaced, and
 * a text that is accepted cannot swallow what the statement has behind it.
 */
#include "fragment.h"

#include <strings.h>

enum token {
    TOKEN_END,
    TOKEN_TEXT,
    TOKEN_PLACEHOLDER,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_SEMICOLON,
    TOKEN_WRONG
};

struct scanner {
    const char *text; /* ends with NUL, which no token crosses */
    size_t start; /* of the token */
    size_t at; /* behind it */
    bool is_sqlite;
    bool in_line_comment; /* the last token is a comment that a newline must end */
    size_t number; /* of the placeholder, from 1 */
    const char *problem;
};

/* Numbers above this have no value anyway; it keeps the sum from overflowing. */
#define NUMBER_MAX ((size_t)1000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static enum token wrong(struct scanner *scanner, const char *problem)
{
    scanner->problem = problem;
    return TOKEN_WRONG;
}

/* PostgreSQL ends a line at a carriage return too; SQLite does not. */
static size_t line_end(const struct scanner *scanner, size_t at)
{
    return at + strcspn(scanner->text + at, scanner->is_sqlite ? "\n" : "\n\r");
}

static enum token line_comment(struct scanner *scanner)
{
    scanner->at = line_end(scanner, scanner->at);
    scanner->in_line_comment = scanner->text[scanner->at] == '\0';
    return TOKEN_TEXT;
}

static enum token block_comment(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t at = scanner->at + 2;
    unsigned depth = 1;

    while (depth > 0) {
        if (text[at] == '\0')
            return wrong(scanner, "a comment does not end");
        if (text[at] == '*' && text[at + 1] == '/') {
            depth--;
            at += 2;
        } else if (!scanner->is_sqlite && text[at] == '/' && text[at + 1] == '*') {
            depth++;
            at += 2;
        } else {
            at++;
        }
    }
    scanner->at = at;
    return TOKEN_TEXT;
}

/* Moves behind the closing quote; a doubled one, and with `escapes` one behind a backslash, is part
 * of the text. */
static bool skip_quoted(struct scanner *scanner, char quote, bool escapes)
{
    const char *text = scanner->text;
    size_t at = scanner->at + 1;

    for (; text[at] != '\0'; at++) {
        if (escapes && text[at] == '\\') {
            if (text[++at] == '\0')
                return false;
        } else if (text[at] == quote && text[at + 1] == quote && quote != ']') {
            at++;
        } else if (text[at] == quote) {
            scanner->at = at + 1;
            return true;
        }
    }
    return false;
}

static enum token quoted(struct scanner *scanner, char quote)
{
    return skip_quoted(scanner, quote, false) ? TOKEN_TEXT : wrong(scanner, "a quote does not end");
}

/*
 * Whether PostgreSQL reads on: strings with a line end between them are one, of the first's kind.
 */
static bool is_continued(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t at = scanner->at;
    bool has_line_end = false;

    for (;;) {
        if (text[at] == '-' && text[at + 1] == '-') {
            at = line_end(scanner, at);
        } else if (is_space(text[at])) {
            has_line_end = has_line_end || text[at] == '\n' || text[at] == '\r';
            at++;
        } else {
            break;
        }
    }
    if (!has_line_end || text[at] != '\'')
        return false;
    scanner->at = at;
    return true;
}

static enum token escape_string(struct scanner *scanner)
{
    scanner->at++;
    do {
        if (!skip_quoted(scanner, '\'', true))
            return wrong(scanner, "a quote does not end");
    } while (is_continued(scanner));
    return TOKEN_TEXT;
}

static enum token dollar_quote(struct scanner *scanner)
{
    const char *start = scanner->text + scanner->at;
    size_t size = 1;
    const char *end;

    while (is_name_start(start[size]) || (size > 1 && is_digit(start[size])))
        size++;
    if (start[size] != '$')
        return wrong(scanner, "$ begins neither a number nor a dollar quote");
    size++;
    for (end = strchr(start + size, '$'); end != NULL; end = strchr(end + 1, '$')) {
        if (strncmp(end, start, size) == 0) {
            scanner->at = (size_t)(end - scanner->text) + size;
            return TOKEN_TEXT;
        }
    }
    return wrong(scanner, "a dollar quote does not end");
}

static enum token placeholder(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t at = scanner->at + 1;
    size_t number = 0;

    for (; is_digit(text[at]); at++) {
        if (number < NUMBER_MAX)
            number = number * 10 + (size_t)(text[at] - '0');
    }
    if (is_name_start(text[at]))
        return wrong(scanner, "letters follow a placeholder");
    scanner->number = number;
    scanner->at = at;
    return TOKEN_PLACEHOLDER;
}

static enum token dollar(struct scanner *scanner)
{
    if (is_digit(scanner->text[scanner->at + 1]))
        return placeholder(scanner);
    if (scanner->is_sqlite)
        return wrong(scanner, "placeholders are written $1, $2…");
    return dollar_quote(scanner);
}

/* Names may hold dollar signs, so that foo$1 is no placeholder. */
static enum token name(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t at = scanner->at;

    if (!scanner->is_sqlite && (text[at] == 'e' || text[at] == 'E') && text[at + 1] == '\'')
        return escape_string(scanner);
    while (is_name_start(text[at]) || is_digit(text[at]) || text[at] == '$')
        at++;
    scanner->at = at;
    return TOKEN_TEXT;
}

static enum token number(struct scanner *scanner)
{
    const char *text = scanner->text;

    while (is_digit(text[scanner->at]) || is_name_start(text[scanner->at]) ||
           text[scanner->at] == '.')
        scanner->at++;
    return TOKEN_TEXT;
}

/* What only SQLite reads as the start of a quote or of a placeholder. */
static enum token sqlite_special(struct scanner *scanner, char c)
{
    const char next = scanner->text[scanner->at + 1];

    if (c == '`')
        return quoted(scanner, '`');
    if (c == '[')
        return quoted(scanner, ']');
    if (c == '?' || ((c == ':' || c == '@' || c == '#') && (is_name_start(next) || is_digit(next))))
        return wrong(scanner, "placeholders are written $1, $2…");
    scanner->at++;
    return TOKEN_TEXT;
}

static enum token single(struct scanner *scanner, enum token token)
{
    scanner->at++;
    return token;
}

static enum token next_token(struct scanner *scanner)
{
    const char *text = scanner->text + scanner->at;

    scanner->start = scanner->at;
    switch (text[0]) {
    case '\0': return TOKEN_END;
    case '\'':
    case '"': return quoted(scanner, text[0]);
    case '$': return dollar(scanner);
    case '(': return single(scanner, TOKEN_OPEN);
    case ')': return single(scanner, TOKEN_CLOSE);
    case ';': return single(scanner, TOKEN_SEMICOLON);
    default: break;
    }
    if (text[0] == '-' && text[1] == '-')
        return line_comment(scanner);
    if (text[0] == '/' && text[1] == '*')
        return block_comment(scanner);
    if (is_name_start(text[0]))
        return name(scanner);
    if (is_digit(text[0]))
        return number(scanner);
    return scanner->is_sqlite ? sqlite_special(scanner, text[0]) : single(scanner, TOKEN_TEXT);
}

static void refuse(struct miniorm__sql *sql, const struct miniorm__raw *raw, const char *problem)
{
    miniorm__sql_fail(sql, MINIORM_EINVALID, "raw SQL \"%.100s\": %s", raw->sql, problem);
}

/*
 * The null of miniorm_value_null says nothing of its type, so that the database must find it out.
 */
static enum miniorm_type parameter_type(const struct miniorm_value *value)
{
    return value->is_null && value->type == MINIORM_T_text ? 0 : value->type;
}

/* The first use of a value makes it a parameter; `numbers` remembers which. */
static void write_placeholder(struct miniorm__sql *sql, const struct miniorm__raw *raw,
                              size_t number, size_t *numbers)
{
    const struct miniorm_value *value;

    if (number == 0 || number > raw->n_values) {
        refuse(sql, raw, "a placeholder has no value");
        return;
    }
    value = &raw->values[number - 1];
    if (numbers[number - 1] == 0)
        numbers[number - 1] =
            miniorm__sql_add_parameter(sql, parameter_type(value), false, value, 1);
    miniorm__sql_placeholder(sql, numbers[number - 1]);
}

static bool check_part(enum token token, int *depth)
{
    if (token == TOKEN_OPEN)
        ++*depth;
    else if (token == TOKEN_CLOSE)
        --*depth;
    return *depth >= 0 && token != TOKEN_SEMICOLON;
}

static void write_tokens(struct miniorm__sql *sql, const struct miniorm__raw *raw,
                         enum miniorm__fragment_kind kind, size_t *numbers)
{
    struct scanner scanner = {.text = raw->sql, .is_sqlite = sql->dialect->id == MINIORM_SQLITE};
    int depth = 0;
    enum token token;

    while ((token = next_token(&scanner)) != TOKEN_END && sql->status == MINIORM_OK) {
        if (token == TOKEN_WRONG)
            refuse(sql, raw, scanner.problem);
        else if (kind == MINIORM__FRAGMENT_PART && !check_part(token, &depth))
            refuse(sql, raw, "a semicolon or an unmatched parenthesis");
        else if (token == TOKEN_PLACEHOLDER)
            write_placeholder(sql, raw, scanner.number, numbers);
        else
            miniorm__sql_bytes(sql, raw->sql + scanner.start, scanner.at - scanner.start);
    }
    if (depth != 0 && kind == MINIORM__FRAGMENT_PART)
        refuse(sql, raw, "an unmatched parenthesis");
    if (scanner.in_line_comment)
        miniorm__sql_bytes(sql, "\n", 1);
}

/* The next word of a text; empty where something else comes, or the end. */
static struct miniorm_text next_word(struct scanner *scanner)
{
    enum token token;

    while ((token = next_token(scanner)) == TOKEN_TEXT || token == TOKEN_SEMICOLON) {
        const char *start = scanner->text + scanner->start;

        if (is_name_start(*start))
            return miniorm_text_from(start, scanner->at - scanner->start);
        if (token == TOKEN_TEXT && !is_space(*start) && *start != '-' && *start != '/')
            break;
    }
    return miniorm_text_from(NULL, 0);
}

static bool is_word(struct miniorm_text word, const char *wanted)
{
    return word.size == strlen(wanted) && strncasecmp(word.data, wanted, word.size) == 0;
}

/* ROLLBACK and COMMIT of the current transaction: not to a savepoint, not of a prepared one. */
static bool ends_transaction(struct scanner *scanner)
{
    struct miniorm_text word = next_word(scanner);

    if (is_word(word, "work") || is_word(word, "transaction"))
        word = next_word(scanner);
    return !is_word(word, "to") && !is_word(word, "prepared");
}

/* A connection whose transaction is not what its session takes it for would write what a rollback
 * is to undo, or keep what is to be committed. */
static bool controls_transaction(const struct miniorm__sql *sql, const struct miniorm__raw *raw)
{
    static const char *const verbs[] = {"begin", "start", "end", "abort"};
    struct scanner scanner = {.text = raw->sql, .is_sqlite = sql->dialect->id == MINIORM_SQLITE};
    const struct miniorm_text first = next_word(&scanner);
    size_t i;

    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (is_word(first, verbs[i]))
            return true;
    }
    if (is_word(first, "prepare"))
        return is_word(next_word(&scanner), "transaction");
    return (is_word(first, "commit") || is_word(first, "rollback")) && ends_transaction(&scanner);
}

void miniorm__fragment_write(struct miniorm__sql *sql, const struct miniorm__raw *raw,
                             enum miniorm__fragment_kind kind)
{
    size_t *numbers = arena_zeroed(sql->arena, raw->n_values, sizeof(*numbers));
    size_t i;

    if (numbers == NULL) {
        miniorm__sql_fail(sql, MINIORM_ENOMEM, "out of memory");
        return;
    }
    if (kind == MINIORM__FRAGMENT_STATEMENT && controls_transaction(sql, raw))
        refuse(sql, raw,
               "it begins or ends a transaction, which only miniorm_transaction_begin and its kin "
               "may");
    write_tokens(sql, raw, kind, numbers);
    for (i = 0; i < raw->n_values && sql->status == MINIORM_OK; i++) {
        if (numbers[i] == 0)
            refuse(sql, raw, "a value has no placeholder");
    }
}
