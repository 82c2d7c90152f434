/*
 * One probe of a module, without an engine.
 */
#include "support/prober.h"

#include <promon/cell.h>
#include <stdio.h>

#include "test.h"

#include "check.h"
#include "support/places.h"

/* More than a deadline, on a machine that does much else. */
enum { GRACE_MS = 5000 };

struct prober {
    struct promon__check check;
    struct probed probed;
};

static enum promon_status open_check(const char *folder, const char *module,
                                     const char *params_json, struct promon__check *out,
                                     struct promon_error *error)
{
    const struct promon_module *found = NULL;
    struct promon_params *params = NULL;
    enum promon_status status = promon__module_find(folder, module, &found, error);

    if (status == PROMON_OK)
        status = promon__params_new(found->params, NULL, params_json, &params, error);
    return status == PROMON_OK ? promon__module_open(found, params, out, error) : status;
}

struct prober *prober_new(const char *folder, const char *module, const char *params_json)
{
    struct prober *prober = calloc(1, sizeof(*prober));
    struct promon_error error = PROMON_ERROR_INIT;

    assert_non_null(prober);
    if (open_check(folder, module, params_json, &prober->check, &error) != PROMON_OK)
        fail_msg("%s: %s", module, error.message);
    return prober;
}

const char *prober_refused(const char *folder, const char *module, const char *params_json)
{
    static struct promon_error error;
    struct promon__check check = {.run = NULL};

    memset(&error, 0, sizeof(error));
    assert_int_not_equal(open_check(folder, module, params_json, &check, &error), PROMON_OK);
    assert_null(check.run);
    return error.message;
}

void prober_free(struct prober *prober)
{
    if (prober == NULL)
        return;
    prober->check.close(prober->check.data);
    free(prober);
}

static void keep_note(void *data, const char *line)
{
    struct probed *probed = data;
    const size_t used = strlen(probed->notes);

    snprintf(probed->notes + used, sizeof(probed->notes) - used, "%s\n", line);
}

const struct probed *prober_run(struct prober *prober, int64_t timeout_ms)
{
    struct probed *probed = &prober->probed;
    const int64_t begin_ns = promon_now_ns();
    enum promon_verdict verdict;

    memset(probed, 0, sizeof(*probed));
    promon__result_reset(&probed->result);
    probed->result.note = keep_note;
    probed->result.note_data = probed;
    verdict =
        prober->check.run(prober->check.data, begin_ns + timeout_ms * 1000000, &probed->result);
    promon__result_finish(&probed->result, verdict);
    probed->took_ms = (promon_now_ns() - begin_ns) / 1000000;
    return probed;
}

const struct probed *prober_expect(struct prober *prober, int64_t timeout_ms,
                                   enum promon_verdict verdict, enum promon_reason reason)
{
    const struct probed *probed = prober_run(prober, timeout_ms);
    const struct promon_result *result = &probed->result;

    if (result->verdict != verdict || result->reason != reason)
        fail_msg("verdict %d (%s) \"%s\" instead of %d (%s), notes: %s", (int)result->verdict,
                 promon_reason_name(result->reason), result->message, (int)verdict,
                 promon_reason_name(reason), probed->notes);
    assert_true((verdict == PROMON_UP) == (result->message[0] == '\0'));
    assert_null(strchr(result->message, '\n'));
    if (probed->took_ms > timeout_ms + GRACE_MS)
        fail_msg("took %ld ms of %ld", (long)probed->took_ms, (long)timeout_ms);
    return probed;
}

struct probed probe_once(const char *module, const char *params_json, int64_t timeout_ms,
                         enum promon_verdict verdict, enum promon_reason reason)
{
    struct prober *prober = prober_new(modules_folder(), module, params_json);
    const struct probed probed = *prober_expect(prober, timeout_ms, verdict, reason);

    prober_free(prober);
    return probed;
}
