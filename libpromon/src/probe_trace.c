/*
 * Checks that somebody asks for, and may look at.
 */
#include <promon/probe.h>

#include "engine.h"
#include "error.h"
#include "monitor.h"
#include "options.h"

enum promon_status promon_probe_trace(struct promon *promon, const char *name, promon_note_fn note,
                                      void *data, struct promon_probe_status *out,
                                      struct promon_error *error)
{
    struct promon_probe_status known = PROMON_PROBE_STATUS_INIT;
    enum promon_status status;

    if (promon == NULL || name == NULL)
        return promon__fail(error, PROMON_EINVALID, "no probe can be run: no monitor or no name");
    if (out != NULL && out->size < sizeof(out->size))
        return promon__fail(error, PROMON_EINVALID,
                            "no probe can be run: the size of the result is not set");
    status = promon__engine_run(promon->engine, name, note, data, &known, error);
    if (status == PROMON_OK && out != NULL)
        promon__figures_copy(out, &known, sizeof(known));
    return status;
}

enum promon_status promon_probe_run(struct promon *promon, const char *name,
                                    struct promon_probe_status *out, struct promon_error *error)
{
    return promon_probe_trace(promon, name, NULL, NULL, out, error);
}
