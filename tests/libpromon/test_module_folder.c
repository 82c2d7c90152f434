/* The folder of modules, and what the build puts into it: every module is one by its table. */
#include "test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <promon/module.h>
#include <stdio.h>
#include <string.h>

#include "module_folder.h"
#include "support/places.h"

static void folder_of_the_installation_is_absolute(void **state)
{
    const char *folder = promon__module_folder();

    (void)state;
    assert_int_equal(folder[0], '/');
    assert_int_not_equal(folder[strlen(folder) - 1], '/');
}

static void check_rules(const struct promon_param_rule *rule)
{
    for (; rule->name != NULL; rule++) {
        assert_true(rule->type >= PROMON_PARAM_STRING && rule->type <= PROMON_PARAM_MAP);
        assert_true(rule->minimum <= rule->maximum);
        assert_non_null(rule->help);
        assert_null(strchr(rule->help, '\n'));
    }
}

/* `file` is probe_NAME.so. */
static void check_module(const char *folder, const char *file)
{
    const struct promon_module *module;
    char path[4096], expected[256];
    void *handle;

    assert_in_range(snprintf(path, sizeof(path), "%s/%s", folder, file), 1, sizeof(path) - 1);
    /* As the library does: never unloaded. */
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        fail_msg("%s", dlerror());
    module = dlsym(handle, "promon_module_v1");
    assert_non_null(module);
    assert_int_equal(module->abi, PROMON_MODULE_ABI);
    assert_int_equal(module->size, sizeof(*module));
    assert_in_range(snprintf(expected, sizeof(expected), "probe_%s.so", module->name), 1, 255);
    assert_string_equal(file, expected);
    assert_non_null(module->description);
    assert_non_null(module->open);
    assert_non_null(module->check);
    assert_non_null(module->close);
    if (module->params != NULL)
        check_rules(module->params);
    dlclose(handle);
}

static unsigned check_modules(const char *folder)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    unsigned n_modules = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, "probe_", 6) == 0 && strstr(entry->d_name, ".so") != NULL) {
            check_module(folder, entry->d_name);
            n_modules++;
        }
    }
    closedir(directory);
    return n_modules;
}

static void every_module_says_what_it_is(void **state)
{
    (void)state;
    assert_int_not_equal(check_modules(modules_folder()), 0);
}

static void module_of_the_documentation_says_what_it_is(void **state)
{
    (void)state;
    check_module(own_modules_folder(), "probe_example.so");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_of_the_installation_is_absolute),
        cmocka_unit_test(every_module_says_what_it_is),
        cmocka_unit_test(module_of_the_documentation_says_what_it_is),
    };

    return cmocka_run_group_tests_name("module folder", tests, NULL, NULL);
}
