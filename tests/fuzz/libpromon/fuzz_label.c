/*
 * Any bytes as label values, help and the name of a state: a page that reads back to the same. What
 * is not UTF-8 is refused as a label's value, and is in no page.
 */
#include <promon/cell.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exposition.h"
#include "registry.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Reads an escaped string up to `end`, compares it with what it was and returns where it ended. */
static const char *expect_escaped(const char *at, char end, const char *expected)
{
    for (; *at != end; at++, expected++) {
        char c = *at;

        require(c != '\0' && c != '\n');
        if (c == '\\') {
            c = *++at;
            require(c == '\\' || c == 'n' || c == '"');
            c = c == 'n' ? '\n' : c;
        }
        require(c == *expected);
    }
    require(*expected == '\0');
    return at + 1;
}

static const char *expect(const char *at, const char *word)
{
    require(strncmp(at, word, strlen(word)) == 0);
    return at + strlen(word);
}

static void check_text(const char *page, const char *value, bool is_openmetrics)
{
    page = strstr(page, "# HELP a ");
    require(page != NULL);
    page = expect_escaped(page + 9, '\n', value);
    if (!is_openmetrics)
        page = expect(page, "# TYPE a gauge\n");
    page = expect(page, "a{x=\"");
    page = expect_escaped(page, '"', value);
    page = expect(page, ",y=\"");
    page = expect_escaped(page, '"', value);
    expect(page, "} 1.0\n");
}

static void check_protobuf(const struct promon_page *page, const char *value)
{
    const size_t size = strlen(value);
    const char *at = page->body, *end = page->body + page->body_size;
    unsigned count = 0;

    if (size == 0)
        return;
    for (; (at = memmem(at, (size_t)(end - at), value, size)) != NULL; at++)
        count++;
    require(count >= 3);
}

static void check_pages(struct promon__registry *registry, const char *value)
{
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;
    struct promon__expositor *expositor = NULL;

    require(promon__expositor_new(registry, false, &expositor, NULL) == PROMON_OK);
    request.query = "name[]=a";
    for (request.format = PROMON_FORMAT_TEXT; request.format <= PROMON_FORMAT_TEXT_1;
         request.format++) {
        require(promon__expositor_page(expositor, &request, &page, NULL) == PROMON_OK);
        if (request.format == PROMON_FORMAT_PROTOBUF)
            check_protobuf(&page, value);
        else
            check_text(page.body, value,
                       request.format == PROMON_FORMAT_OPENMETRICS_1 ||
                           request.format == PROMON_FORMAT_OPENMETRICS_2);
    }
    promon_page_clear(&page);
    promon__expositor_free(expositor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const labels[] = {"x", "y", NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon__registry *registry = NULL;
    struct promon_family *family = NULL;
    struct promon_cell *cell = NULL;
    char *value = malloc(size + 1);
    const char *values[] = {value, value, NULL};
    enum promon_status status;

    require(value != NULL && promon__registry_new(&registry, NULL) == PROMON_OK);
    memcpy(value, data, size);
    value[size] = '\0';
    options.kind = PROMON_GAUGE;
    options.name = "a";
    options.help = utf8_is_valid(value, strlen(value)) ? value : "";
    options.labels = labels;
    require(promon__registry_family_add(registry, &options, &family, NULL) == PROMON_OK);
    status = promon_family_cell(family, values, &cell, NULL);
    require((status == PROMON_OK) == utf8_is_valid(value, strlen(value)));
    promon_cell_set(cell, 1);
    if (status == PROMON_OK)
        check_pages(registry, value);
    promon__registry_free(registry);
    free(value);
    return 0;
}
