/*
 * Host: the table of functions that a module gets instead of a link with the library.
 */
#include <promon/cell.h>
#include <promon/result.h>

#include "check.h"
#include "connector.h"
#include "params.h"
#include "resolver.h"

static const struct promon_host host = {
    .size = sizeof(host),
    .param_string = promon__params_string,
    .param_integer = promon__params_integer,
    .param_number = promon__params_number,
    .param_boolean = promon__params_boolean,
    .param_item = promon__params_item,
    .param_entry = promon__params_entry,
    .fail = promon_result_fail,
    .phase = promon_result_phase,
    .value = promon_result_value,
    .certificate = promon_result_certificate,
    .note = promon_result_note,
    .error_set = promon_error_set,
    .now_ns = promon_now_ns,
    .resolve = promon__resolve,
    .addresses_free = promon__addresses_free,
    .connect = promon__connect,
    .wait = promon__wait_fd,
};

const struct promon_host *promon__host(void)
{
    return &host;
}
