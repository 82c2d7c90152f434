// A module of libpromon in C++, outside of the tree: a declaration of the header exports it.
#include <promon/module.h>

#include <new>
#include <string>

namespace
{

struct context {
    const promon_host *host;
    std::string text;
};

promon_status open(const promon_host *host, const promon_params *params, void **out,
                   promon_error *error)
{
    context *made = new (std::nothrow) context;

    if (made == nullptr)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    made->host = host;
    made->text = host->param_string(params, "text", "fine");
    *out = made;
    return PROMON_OK;
}

promon_verdict check(void *data, int64_t, promon_result *result)
{
    const context *self = static_cast<context *>(data);

    if (self->text != "fine")
        return self->host->fail(result, PROMON_REASON_BODY, "it says %s", self->text.c_str());
    self->host->value(result, "length", static_cast<double>(self->text.size()));
    return PROMON_UP;
}

void close(void *data)
{
    delete static_cast<context *>(data);
}

const promon_param_rule rules[] = {
    {"text", PROMON_PARAM_STRING, 0, 0, 0, "what it says", "fine"},
    {nullptr, PROMON_PARAM_STRING, 0, 0, 0, nullptr, nullptr},
};

} // namespace

const promon_module promon_module_v1 = {PROMON_MODULE_ABI,
                                        sizeof(promon_module),
                                        "outside",
                                        "A module in C++.",
                                        rules,
                                        open,
                                        check,
                                        close};
