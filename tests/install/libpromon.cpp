// A C++ program outside of the tree: it knows libpromon by its installed headers and pkg-config only.
#include <promon/module.h>
#include <promon/promon.h>

#include <iostream>
#include <memory>
#include <string>

static bool counts(promon *promon)
{
    promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    promon_family *family = nullptr;
    double value = 0;

    options.kind = PROMON_COUNTER;
    options.name = "outside_total";
    if (promon_family_add(promon, &options, &family, nullptr) != PROMON_OK)
        return false;
    promon_cell_inc(promon_family_at(family, nullptr));
    promon_cell_add_unsigned(promon_family_at(family, nullptr), 41);
    return promon_value(promon, "outside_total", nullptr, &value, nullptr) == PROMON_OK &&
           value == 42;
}

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
        status.verdict != PROMON_UP || !counts(made))
        return 1;
    std::cout << version << '\n';
    return version == PROMON_VERSION ? 0 : 1;
}
