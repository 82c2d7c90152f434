/*
 * Any text as a configuration: it is read or refused with a message of one line of UTF-8, and what
 * was read is the same as its own copy. Modules are not loaded, files are not there.
 */
#include <stdlib.h>
#include <string.h>

#include "config_draft.h"
#include "config_keys.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_message(const struct promon_error *error)
{
    const size_t size = strlen(error->message);

    check(size > 0 && size < sizeof(error->message));
    check(utf8_is_valid(error->message, size));
    check(strpbrk(error->message, "\n\r\t\x1b") == NULL);
}

static void check_draft(const struct promon__draft *draft, const struct promon__settings *base)
{
    struct promon_error error = PROMON_ERROR_INIT;

    check(promon__settings_check(&draft->settings, NULL) == PROMON_OK);
    check(draft->metrics == NULL || json_is_array(draft->metrics));
    check(promon__draft_permit(draft, &draft->settings, true, NULL) == PROMON_OK);
    if (promon__draft_permit(draft, base, true, &error) != PROMON_OK)
        check_message(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__settings base;
    struct promon__draft draft;
    enum promon_status status;

    check(promon__settings_from_options(&options, &base, NULL) == PROMON_OK);
    status = promon__draft_from_json(&base, (const char *)data, size, &draft, &error);
    check(status == error.status);
    if (status == PROMON_OK) {
        check_draft(&draft, &base);
        promon__draft_free(&draft);
    } else {
        check(status == PROMON_ECONFIG || status == PROMON_ESECRET);
        check_message(&error);
    }
    promon__settings_free(&base);
    return 0;
}
