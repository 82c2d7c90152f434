/*
 * Any path, query and header fields, one to a line: there is an answer whose parts fit together,
 * and what it says in JSON or SVG stays within its document.
 */
#include <jansson.h>
#include <promon/promon.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static enum promon_verdict check(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    return promon_result_fail(result, PROMON_REASON_BODY, "<&\"'\\\n\x01\xff");
}

static struct promon *make_monitor(void)
{
    static const char *const groups[] = {"ready", "startup", NULL};
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_probe_options probe = PROMON_PROBE_OPTIONS_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon *promon = NULL;

    options.health_details = true;
    options.title = "</title>";
    require(promon_new(&options, &promon, NULL) == PROMON_OK);
    probe.name = "one";
    probe.description = "</script>&\"";
    probe.check = check;
    probe.groups = groups;
    require(promon_probe_add(promon, &probe, NULL) == PROMON_OK);
    require(promon_probe_run(promon, "one", &status, NULL) == PROMON_OK);
    return promon;
}

static void check_body(const struct promon_page *page)
{
    json_t *root;

    if (strcmp(page->content_type, "application/json") == 0) {
        root = json_loadb(page->body, page->body_size, JSON_REJECT_DUPLICATES, NULL);
        require(root != NULL);
        json_decref(root);
    }
    if (strncmp(page->content_type, "image/svg+xml", 13) == 0)
        require(strstr(page->body, "<script") == NULL && strstr(page->body, "</svg>") != NULL);
}

static void check_page(const struct promon_page *page)
{
    require(page->status == 200 || page->status == 404 || page->status == 405 ||
            page->status == 503);
    /* Metrics of which none has a name that was asked for are an empty page. */
    require(page->body != NULL && (page->body_size != 0 || page->status == 200));
    require(page->content_type[0] != '\0' && page->cache_control[0] != '\0');
    require((page->status == 405) == (page->allow[0] != '\0'));
    require(page->content_encoding[0] == '\0' || strcmp(page->content_encoding, "gzip") == 0);
    require(page->status != 404 || strcmp(page->body, "404: Not Found") == 0);
    if (page->content_encoding[0] == '\0')
        check_body(page);
}

/* The next line of the input; NULL when it is over. */
static const char *next(char **rest)
{
    char *line = *rest;

    if (line == NULL)
        return NULL;
    *rest = strchr(line, '\n');
    if (*rest != NULL)
        *(*rest)++ = '\0';
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct promon *promon;
    static struct promon_page page = PROMON_PAGE_INIT;
    struct promon_request request = PROMON_REQUEST_INIT;
    char *text = malloc(size + 1), *rest = text;

    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (promon == NULL)
        promon = make_monitor();
    request.path = next(&rest);
    request.query = next(&rest);
    request.method = next(&rest);
    request.accept = next(&rest);
    request.accept_encoding = next(&rest);
    require(promon_respond(promon, &request, &page, NULL) == PROMON_OK);
    check_page(&page);
    free(text);
    return 0;
}
