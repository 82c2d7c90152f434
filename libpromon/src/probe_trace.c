/*
 * Runs of a probe that somebody looks at.
 */
#include <promon/probe.h>

#include "engine.h"
#include "error.h"
#include "monitor.h"

enum promon_status promon_probe_trace(struct promon *promon, const char *name, promon_note_fn note,
                                      void *data, struct promon_probe_status *out,
                                      struct promon_error *error)
{
    if (promon == NULL || name == NULL)
        return promon__fail(error, PROMON_EINVALID, "promon_probe_trace: no monitor or no name");
    return promon__engine_run(promon->engine, name, note, data, out, error);
}
