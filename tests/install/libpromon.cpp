// A C++ program outside of the tree: it knows libpromon by its installed headers and pkg-config only.
#include <promon/module.h>
#include <promon/promon.h>

#include <iostream>
#include <memory>
#include <string>

int main()
{
    const std::string version = promon_version();
    promon_options options = PROMON_OPTIONS_INIT;
    promon_probe_options probe = PROMON_PROBE_OPTIONS_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon *made = nullptr;

    options.no_process_metrics = true;
    if (promon_new(&options, &made, nullptr) != PROMON_OK)
        return 1;
    std::unique_ptr<promon, decltype(&promon_free)> owner(made, promon_free);
    probe.name = "always";
    probe.check = [](void *, int64_t, promon_result *) { return PROMON_UP; };
    if (promon_probe_add(made, &probe, nullptr) != PROMON_OK ||
        promon_probe_run(made, "always", &status, nullptr) != PROMON_OK ||
        status.verdict != PROMON_UP)
        return 1;
    std::cout << version << '\n';
    return version == PROMON_VERSION ? 0 : 1;
}
