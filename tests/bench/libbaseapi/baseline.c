/*
 * Statements, answers and start-up of the hand-written programs; see baseline.h.
 *
 * Everything travels in binary: parameters and results are int4 in network order, so that neither
 * side prints or parses a number that the other one would parse or print again.
 */
#include "baseline.h"

#include <arpa/inet.h>
#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OID_INT4 23U
#define OID_INT4_ARRAY 1007U

#define BOOK_COLUMNS "id, category, name, is_available, author_id"

static const struct {
    const char *name;
    int parameters;
    Oid types[2];
    const char *sql;
} statements[] = {
    [BASELINE_SELECT_ONE] = {"one",
                             1,
                             {OID_INT4, 0},
                             "SELECT " BOOK_COLUMNS " FROM books WHERE id = $1"},
    [BASELINE_SELECT_PAGE] = {"page",
                              1,
                              {OID_INT4, 0},
                              "SELECT " BOOK_COLUMNS " FROM books ORDER BY id LIMIT $1"},
    [BASELINE_SELECT_COUNT] = {"count", 0, {0, 0}, "SELECT count(*) FROM books"},
    [BASELINE_SELECT_PAGE_OF_AUTHOR] = {"page_of_author",
                                        2,
                                        {OID_INT4, OID_INT4},
                                        "SELECT " BOOK_COLUMNS
                                        " FROM books WHERE author_id = $2 ORDER BY id LIMIT $1"},
    [BASELINE_SELECT_COUNT_OF_AUTHOR] = {"count_of_author",
                                         1,
                                         {OID_INT4, 0},
                                         "SELECT count(*) FROM books WHERE author_id = $1"},
    [BASELINE_SELECT_AUTHORS] = {"authors",
                                 1,
                                 {OID_INT4_ARRAY, 0},
                                 "SELECT id, name, surname FROM authors WHERE id = ANY($1)"},
};

static bool number_read(const char *text, int32_t max, int32_t *out)
{
    int64_t value = 0;

    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (*text - '0');
        if (value > max) {
            return false;
        }
    }
    *out = (int32_t)value;
    return true;
}

bool baseline_options_read(int argc, char **argv, struct baseline_options *out)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        int32_t number = 0;

        if (strcmp(argv[i], "--database") == 0) {
            out->database = argv[i + 1];
        } else if (strcmp(argv[i], "--port") == 0 && number_read(argv[i + 1], 65535, &number)) {
            out->port = (uint16_t)number;
        } else if (strcmp(argv[i], "--threads") == 0 && number_read(argv[i + 1], 256, &number)) {
            out->threads = (unsigned int)number;
        } else {
            fprintf(stderr, "%s: cannot use %s %s\n", argv[0], argv[i], argv[i + 1]);
            return false;
        }
    }
    if (argc % 2 == 0 || out->database == NULL || out->port == 0 || out->threads == 0) {
        fprintf(stderr, "usage: %s --database URL --port N [--threads N]\n", argv[0]);
        return false;
    }
    return true;
}

struct sockaddr_in baseline_loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static bool prepare(PGconn *database)
{
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        PGresult *result = PQprepare(database, statements[i].name, statements[i].sql,
                                     statements[i].parameters, statements[i].types);
        bool is_prepared = PQresultStatus(result) == PGRES_COMMAND_OK;

        PQclear(result);
        if (!is_prepared) {
            return false;
        }
    }
    return true;
}

PGconn *baseline_connect(const char *database)
{
    PGconn *connection = PQconnectdb(database);

    if (PQstatus(connection) != CONNECTION_OK || !prepare(connection)) {
        fprintf(stderr, "cannot use the database: %s", PQerrorMessage(connection));
        PQfinish(connection);
        return NULL;
    }
    return connection;
}

static bool page_arguments_read(struct MHD_Connection *connection, struct baseline_request *out)
{
    const char *limit =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "page[limit]");
    const char *author =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "filter[author_id]");
    const char *include = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "include");

    out->limit = BASELINE_LIMIT_DEFAULT;
    out->has_author_id = author != NULL;
    out->has_authors = include != NULL;
    return (limit == NULL || number_read(limit, BASELINE_LIMIT_MAX, &out->limit)) &&
           (author == NULL || number_read(author, INT32_MAX, &out->author_id)) &&
           (include == NULL || strcmp(include, "authors") == 0);
}

struct baseline_request baseline_request_read(struct MHD_Connection *connection, const char *method,
                                              const char *url)
{
    struct baseline_request request = {.kind = BASELINE_UNKNOWN};

    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 || strncmp(url, "/books", 6) != 0) {
        return request;
    }
    if (url[6] == '/' && number_read(url + 7, INT32_MAX, &request.id)) {
        request.kind = BASELINE_ONE;
    } else if (url[6] == '\0' && page_arguments_read(connection, &request)) {
        request.kind = BASELINE_PAGE;
    }
    return request;
}

enum baseline_statement baseline_page_statement(const struct baseline_request *request)
{
    return request->has_author_id ? BASELINE_SELECT_PAGE_OF_AUTHOR : BASELINE_SELECT_PAGE;
}

enum baseline_statement baseline_count_statement(const struct baseline_request *request)
{
    return request->has_author_id ? BASELINE_SELECT_COUNT_OF_AUTHOR : BASELINE_SELECT_COUNT;
}

static void bind_number(struct baseline_values *out, int32_t number)
{
    int i = out->count++;

    out->numbers[i] = htonl((uint32_t)number);
    out->values[i] = (const char *)&out->numbers[i];
    out->lengths[i] = (int)sizeof out->numbers[i];
    out->formats[i] = 1;
}

void baseline_bind(enum baseline_statement statement, const struct baseline_request *request,
                   struct baseline_values *out)
{
    out->name = statements[statement].name;
    out->count = 0;
    if (statement == BASELINE_SELECT_ONE) {
        bind_number(out, request->id);
    }
    if (statement == BASELINE_SELECT_PAGE || statement == BASELINE_SELECT_PAGE_OF_AUTHOR) {
        bind_number(out, request->limit);
    }
    if (statement == BASELINE_SELECT_PAGE_OF_AUTHOR ||
        statement == BASELINE_SELECT_COUNT_OF_AUTHOR) {
        bind_number(out, request->author_id);
    }
}

static uint32_t number_bits(const PGresult *result, int row, int column)
{
    uint32_t bits;

    memcpy(&bits, PQgetvalue(result, row, column), sizeof bits);
    return bits;
}

void baseline_bind_authors(const PGresult *page, struct baseline_values *out)
{
    uint32_t *element = out->array + 5;
    uint32_t count = 0;

    for (int row = 0; row < PQntuples(page); row++) {
        if (!PQgetisnull(page, row, 4)) {
            *element++ = htonl(sizeof *element);
            *element++ = number_bits(page, row, 4);
            count++;
        }
    }
    /* The head of an array: dimensions, has-null flag, element type, length, lower bound. */
    out->array[0] = htonl(1);
    out->array[1] = 0;
    out->array[2] = htonl(OID_INT4);
    out->array[3] = htonl(count);
    out->array[4] = htonl(1);
    out->name = statements[BASELINE_SELECT_AUTHORS].name;
    out->count = 1;
    out->values[0] = (const char *)out->array;
    out->lengths[0] = (int)((5 + 2 * count) * sizeof *element);
    out->formats[0] = 1;
}

/* Makes room for `length` more bytes and returns where they go, or NULL. */
static char *text_room(struct baseline_text *text, size_t length)
{
    if (text->capacity - text->length < length) {
        size_t capacity = text->capacity == 0 ? 256 : text->capacity;
        char *data;

        while (capacity - text->length < length) {
            capacity *= 2;
        }
        data = text->has_failed ? NULL : realloc(text->data, capacity);
        if (data == NULL) {
            text->has_failed = true;
            return NULL;
        }
        text->data = data;
        text->capacity = capacity;
    }
    return text->data + text->length;
}

static void put(struct baseline_text *text, const char *bytes, size_t length)
{
    char *room = text_room(text, length);

    if (room != NULL) {
        memcpy(room, bytes, length);
        text->length += length;
    }
}

#define PUT(text, literal) put(text, literal, sizeof(literal) - 1)

static void put_number(struct baseline_text *text, int64_t number)
{
    char digits[24];
    char *start = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--start = '-';
    }
    put(text, start, (size_t)(digits + sizeof digits - start));
}

static char *escape(char *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";

    *out++ = '\\';
    if (byte == '"' || byte == '\\') {
        *out++ = (char)byte;
        return out;
    }
    memcpy(out, "u00", 3);
    out[3] = hex[byte >> 4];
    out[4] = hex[byte & 15];
    return out + 5;
}

static void put_string(struct baseline_text *text, const char *bytes, size_t length)
{
    char *out = text_room(text, 6 * length + 2);

    if (out == NULL) {
        return;
    }
    *out++ = '"';
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (byte < 0x20 || byte == '"' || byte == '\\') {
            out = escape(out, byte);
        } else {
            *out++ = bytes[i];
        }
    }
    *out++ = '"';
    text->length = (size_t)(out - text->data);
}

static void put_string_column(struct baseline_text *text, const PGresult *result, int row,
                              int column)
{
    if (PQgetisnull(result, row, column)) {
        PUT(text, "null");
    } else {
        put_string(text, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
    }
}

static void put_number_column(struct baseline_text *text, const PGresult *result, int row,
                              int column)
{
    if (PQgetisnull(result, row, column)) {
        PUT(text, "null");
    } else {
        put_number(text, (int32_t)ntohl(number_bits(result, row, column)));
    }
}

static void put_flag_column(struct baseline_text *text, const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column)) {
        PUT(text, "null");
    } else if (*PQgetvalue(result, row, column) != 0) {
        PUT(text, "true");
    } else {
        PUT(text, "false");
    }
}

/* The members of a book without the braces, so that an include can follow. */
static void put_book(struct baseline_text *text, const PGresult *books, int row)
{
    PUT(text, "\"id\":");
    put_number_column(text, books, row, 0);
    PUT(text, ",\"category\":");
    put_string_column(text, books, row, 1);
    PUT(text, ",\"name\":");
    put_string_column(text, books, row, 2);
    PUT(text, ",\"is_available\":");
    put_flag_column(text, books, row, 3);
    PUT(text, ",\"author_id\":");
    put_number_column(text, books, row, 4);
}

void baseline_write_book(struct baseline_text *text, const PGresult *books)
{
    PUT(text, "{");
    put_book(text, books, 0);
    PUT(text, "}");
}

/* A page has few rows: a scan beats any index over them. */
static int author_find(const PGresult *authors, uint32_t id_bits)
{
    for (int row = 0; row < PQntuples(authors); row++) {
        if (number_bits(authors, row, 0) == id_bits) {
            return row;
        }
    }
    return -1;
}

static void put_authors(struct baseline_text *text, const PGresult *authors, const PGresult *books,
                        int book)
{
    int row = PQgetisnull(books, book, 4) ? -1 : author_find(authors, number_bits(books, book, 4));

    if (row < 0) {
        PUT(text, ",\"authors\":{\"data\":[],"
                  "\"meta\":{\"count\":0,\"total_count\":0,\"offset\":0}}");
        return;
    }
    PUT(text, ",\"authors\":{\"data\":[{\"id\":");
    put_number_column(text, authors, row, 0);
    PUT(text, ",\"name\":");
    put_string_column(text, authors, row, 1);
    PUT(text, ",\"surname\":");
    put_string_column(text, authors, row, 2);
    PUT(text, "}],\"meta\":{\"count\":1,\"total_count\":1,\"offset\":0}}");
}

void baseline_write_page(struct baseline_text *text, const PGresult *books, const PGresult *count,
                         const PGresult *authors)
{
    int rows = PQntuples(books);
    uint64_t total_bits;

    PUT(text, "{\"data\":[");
    for (int row = 0; row < rows; row++) {
        if (row > 0) {
            PUT(text, ",");
        }
        PUT(text, "{");
        put_book(text, books, row);
        if (authors != NULL) {
            put_authors(text, authors, books, row);
        }
        PUT(text, "}");
    }
    memcpy(&total_bits, PQgetvalue(count, 0, 0), sizeof total_bits);
    PUT(text, "],\"meta\":{\"count\":");
    put_number(text, rows);
    PUT(text, ",\"total_count\":");
    put_number(text, (int64_t)be64toh(total_bits));
    PUT(text, ",\"offset\":0}}");
}

enum MHD_Result baseline_answer(struct MHD_Connection *connection, unsigned int status,
                                struct baseline_text *text)
{
    struct MHD_Response *response = NULL;
    enum MHD_Result is_queued = MHD_NO;

    if (!text->has_failed) {
        response = MHD_create_response_from_buffer(text->length, text->data, MHD_RESPMEM_MUST_FREE);
    }
    if (response == NULL) {
        free(text->data);
        return MHD_NO;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json") ==
        MHD_YES) {
        is_queued = MHD_queue_response(connection, status, response);
    }
    MHD_destroy_response(response);
    return is_queued;
}

enum MHD_Result baseline_answer_error(struct MHD_Connection *connection, unsigned int status)
{
    struct baseline_text text = {.data = NULL};

    if (status == MHD_HTTP_NOT_FOUND) {
        PUT(&text, "{\"errors\":[{\"code\":\"entity_not_found\"}]}");
    } else {
        PUT(&text, "{\"errors\":[{\"code\":\"internal_error\"}]}");
    }
    return baseline_answer(connection, status, &text);
}

static void stop_signals(sigset_t *out)
{
    sigemptyset(out);
    sigaddset(out, SIGINT);
    sigaddset(out, SIGTERM);
}

void baseline_block_signals(void)
{
    sigset_t set;

    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void baseline_wait_for_stop(void)
{
    sigset_t set;
    int number;

    stop_signals(&set);
    sigwait(&set, &number);
}
