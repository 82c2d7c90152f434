/*
 * Reading the files, line by line. Strings grow through memory streams, one for each part of the
 * request that is being read.
 *
 * Invariant: a part's stream is open from the beginning of its request to that of the next.
 */
#include "scenario.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts of a request while they grow. */
enum part { TARGET, HEADERS, BODY, EXPECTED, ERRORS, N_PARTS };

struct parser {
    const char *folder;
    const char *file;
    unsigned line;
    struct scenario **end; /* where the next scenario goes */
    struct scenario *scenario;
    struct exchange *exchange;
    FILE *streams[N_PARTS];
    char *texts[N_PARTS];
    size_t sizes[N_PARTS];
    unsigned counts[N_PARTS]; /* lines that added to the part */
    bool is_bad;
};

static void complain(struct parser *parser, const char *what)
{
    fprintf(stderr, "%s/%s:%u: %s\n", parser->folder, parser->file, parser->line, what);
    parser->is_bad = true;
}

static void finish_exchange(struct parser *parser)
{
    struct exchange *exchange = parser->exchange;

    parser->exchange = NULL;
    if (exchange == NULL)
        return;
    if (parser->counts[ERRORS] != 0)
        fputs("]}", parser->streams[ERRORS]);
    for (int i = 0; i < N_PARTS; i++)
        fclose(parser->streams[i]);
    exchange->target = parser->texts[TARGET];
    exchange->headers = parser->texts[HEADERS];
    exchange->body = parser->counts[BODY] != 0 ? parser->texts[BODY] : NULL;
    exchange->body_size = parser->sizes[BODY];
    exchange->expected = parser->counts[ERRORS] != 0     ? parser->texts[ERRORS]
                         : parser->counts[EXPECTED] != 0 ? parser->texts[EXPECTED]
                                                         : NULL;
    if (exchange->body == NULL)
        free(parser->texts[BODY]);
    for (int i = EXPECTED; i < N_PARTS; i++) {
        if (exchange->expected != parser->texts[i])
            free(parser->texts[i]);
    }
    if (exchange->status == 0)
        complain(parser, "the request before has no expected status");
}

static void begin_scenario(struct parser *parser, const char *sentence)
{
    struct scenario *scenario = calloc(1, sizeof(*scenario));
    const size_t stem = strcspn(parser->file, ".");

    finish_exchange(parser);
    if (scenario == NULL ||
        asprintf(&scenario->name, "%.*s: %s", (int)stem, parser->file, sentence) < 0)
        abort();
    *parser->end = scenario;
    parser->end = &scenario->next;
    parser->scenario = scenario;
}

static void begin_exchange(struct parser *parser, const char *method, const char *target)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    struct exchange **end;

    finish_exchange(parser);
    if (exchange == NULL)
        abort();
    exchange->line = parser->line;
    exchange->times = 1;
    exchange->method = strndup(method, (size_t)(target - method));
    for (end = &parser->scenario->first; *end != NULL; end = &(*end)->next)
        continue;
    *end = exchange;
    parser->exchange = exchange;
    for (int i = 0; i < N_PARTS; i++) {
        parser->counts[i] = 0;
        parser->streams[i] = open_memstream(&parser->texts[i], &parser->sizes[i]);
    }
    fputs(target + 1, parser->streams[TARGET]);
}

static void add_line(struct lines *lines, const char *line)
{
    lines->items = realloc(lines->items, (lines->count + 1) * sizeof(*lines->items));
    if (lines->items == NULL)
        abort();
    lines->items[lines->count++] = strdup(line);
}

static void add_text(struct parser *parser, enum part part, const char *text)
{
    parser->counts[part]++;
    fputs(text, parser->streams[part]);
}

/* "N TEXT": the text N times, with %d being the number. */
static void add_repeated(struct parser *parser, enum part part, const char *line)
{
    char *text = NULL;
    const unsigned long times = strtoul(line, &text, 10);
    const char *number;

    if (times == 0 || *text != ' ') {
        complain(parser, "not a number and a text");
        return;
    }
    text++;
    number = strstr(text, "%d");
    parser->counts[part]++;
    for (unsigned long i = 1; i <= times; i++) {
        if (number == NULL)
            fputs(text, parser->streams[part]);
        else
            fprintf(parser->streams[part], "%.*s%lu%s", (int)(number - text), text, i, number + 2);
    }
}

static void add_bytes(struct parser *parser, const char *line)
{
    char *rest = NULL;

    parser->counts[BODY]++;
    while (*line != '\0') {
        fputc((int)strtoul(line, &rest, 16), parser->streams[BODY]);
        if (rest == line) {
            complain(parser, "not hexadecimal bytes");
            return;
        }
        line = rest + strspn(rest, " ");
    }
}

static void put_string(FILE *stream, const char *text, size_t size)
{
    fputc('"', stream);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\')
            fputc('\\', stream);
        fputc(text[i], stream);
    }
    fputc('"', stream);
}

static void put_source(FILE *stream, const char *source, size_t size)
{
    if (size == 1 && *source == '-')
        return;
    fputs(",\"source\":", stream);
    if (size == 1 && *source == '*') {
        fputs("\"…\"", stream);
        return;
    }
    fputs(*source == '/' ? "{\"pointer\":" : "{\"parameter\":", stream);
    put_string(stream, source, size);
    fputc('}', stream);
}

static void add_error(struct parser *parser, const char *line)
{
    FILE *stream = parser->streams[ERRORS];
    const size_t code = strcspn(line, " ");
    const char *source = line + code + (line[code] == ' ');
    const size_t size = strcspn(source, " ");
    const char *detail = source + size + (source[size] == ' ');

    if (*detail == '\0') {
        complain(parser, "not a code, a source and a detail");
        return;
    }
    fputs(parser->counts[ERRORS]++ == 0 ? "{\"errors\":[{\"code\":" : ",{\"code\":", stream);
    if (code == 1 && *line == '*')
        put_string(stream, "…", strlen("…"));
    else
        put_string(stream, line, code);
    fputs(",\"detail\":", stream);
    put_string(stream, detail, strlen(detail));
    put_source(stream, source, size);
    fputc('}', stream);
}

static void read_request_line(struct parser *parser, const char *rest)
{
    const size_t token = strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    if (token != 0 && rest[token] == ' ' && (rest[token + 1] == '/' || rest[token + 1] == '*'))
        begin_exchange(parser, rest, rest + token);
    else if (parser->exchange != NULL && strchr(rest, ':') != NULL)
        fprintf(parser->streams[HEADERS], "%s\r\n", rest);
    else
        complain(parser, "neither a request nor a header field");
}

static void read_asking(struct parser *parser, const char *line)
{
    if (line[1] == ' ')
        read_request_line(parser, line + 2);
    else if (parser->exchange == NULL)
        complain(parser, "no request has begun");
    else if (strncmp(line, ">+ ", 3) == 0)
        add_repeated(parser, TARGET, line + 3);
    else if (strncmp(line, ">> ", 3) == 0)
        add_text(parser, BODY, line + 3);
    else if (strcmp(line, ">>") == 0)
        add_text(parser, BODY, "");
    else if (strncmp(line, ">* ", 3) == 0)
        add_repeated(parser, BODY, line + 3);
    else if (strncmp(line, ">x ", 3) == 0)
        add_bytes(parser, line + 3);
    else if (strncmp(line, ">= ", 3) == 0)
        parser->exchange->times = (unsigned)strtoul(line + 3, NULL, 10);
    else
        complain(parser, "unknown kind of line");
}

static void read_answer(struct parser *parser, const char *line)
{
    if (parser->exchange == NULL)
        complain(parser, "no request has begun");
    else if (line[1] == ' ' && parser->exchange->status == 0)
        parser->exchange->status = (unsigned)strtoul(line + 2, NULL, 10);
    else if (line[1] == ' ' && strchr(line, ':') != NULL)
        add_line(&parser->exchange->wanted, line + 2);
    else if (strncmp(line, "<- ", 3) == 0)
        add_line(&parser->exchange->unwanted, line + 3);
    else if (strncmp(line, "<! ", 3) == 0)
        add_error(parser, line + 3);
    else if (strncmp(line, "<<", 2) == 0)
        add_text(parser, EXPECTED, line[2] == ' ' ? line + 3 : "");
    else
        complain(parser, "unknown kind of line");
}

static void read_line(struct parser *parser, const char *line)
{
    if (*line == '\0' || *line == ';')
        return;
    if (strncmp(line, "# ", 2) == 0)
        begin_scenario(parser, line + 2);
    else if (parser->scenario == NULL)
        complain(parser, "no scenario has begun");
    else if (strcmp(line, "? sqlite") == 0)
        parser->scenario->where = SCENARIO_SQLITE;
    else if (strcmp(line, "? postgresql") == 0)
        parser->scenario->where = SCENARIO_POSTGRESQL;
    else if (*line == '>')
        read_asking(parser, line);
    else if (*line == '<')
        read_answer(parser, line);
    else
        complain(parser, "unknown kind of line");
}

static void read_file(struct parser *parser, const char *name)
{
    char path[512];
    char *line = NULL;
    size_t capacity = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", parser->folder, name);
    file = fopen(path, "re");
    parser->file = name;
    parser->line = 0;
    parser->scenario = NULL;
    if (file == NULL) {
        complain(parser, "cannot be read");
        return;
    }
    while (getline(&line, &capacity, file) >= 0) {
        parser->line++;
        line[strcspn(line, "\n")] = '\0';
        read_line(parser, line);
    }
    finish_exchange(parser);
    free(line);
    fclose(file);
}

static int is_scenario_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".txt") == 0;
}

struct scenario *scenarios_read(const char *folder)
{
    struct scenario *first = NULL;
    struct parser parser = {.folder = folder, .end = &first};
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_scenario_file, alphasort);

    for (int i = 0; i < count; i++) {
        read_file(&parser, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (!parser.is_bad && first != NULL)
        return first;
    scenarios_free(first);
    return NULL;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
}

void scenarios_free(struct scenario *scenarios)
{
    while (scenarios != NULL) {
        struct scenario *next = scenarios->next;

        while (scenarios->first != NULL) {
            struct exchange *exchange = scenarios->first;

            scenarios->first = exchange->next;
            free(exchange->method);
            free(exchange->target);
            free(exchange->headers);
            free(exchange->body);
            free(exchange->expected);
            free_lines(&exchange->wanted);
            free_lines(&exchange->unwanted);
            free(exchange);
        }
        free(scenarios->name);
        free(scenarios);
        scenarios = next;
    }
}

bool scenario_is_reading(const struct scenario *scenario)
{
    for (const struct exchange *each = scenario->first; each != NULL; each = each->next) {
        if (strcmp(each->method, "GET") != 0 && strcmp(each->method, "HEAD") != 0 &&
            strcmp(each->method, "OPTIONS") != 0)
            return false;
    }
    return true;
}

struct http_message exchange_message(const struct exchange *exchange)
{
    return (struct http_message){
        .method = exchange->method,
        .target = exchange->target,
        .headers = exchange->headers,
        .body = exchange->body,
        .body_size = exchange->body_size,
    };
}
