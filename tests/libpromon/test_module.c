/*
 * Modules: what is loaded, what is refused and what the refusal says.
 */
#include <fcntl.h>
#include <promon/status.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "check.h"
#include "module_folder.h"
#include "support/places.h"
#include "support/prober.h"

static const struct promon_module *found(const char *folder, const char *name)
{
    struct promon_error error = PROMON_ERROR_INIT;
    const struct promon_module *module = NULL;

    if (promon__module_find(folder, name, &module, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return module;
}

/* The message stays until the next call. */
static const char *refusal(const char *folder, const char *name)
{
    static struct promon_error error;
    const struct promon_module *module = NULL;

    memset(&error, 0, sizeof(error));
    assert_int_equal(promon__module_find(folder, name, &module, &error), PROMON_EMODULE);
    assert_null(module);
    return error.message;
}

static void says(const char *message, const char *part)
{
    if (strstr(message, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", message, part);
}

static void a_module_is_found_by_its_name(void **state)
{
    const struct promon_module *tcp = found(modules_folder(), "tcp");

    (void)state;
    assert_string_equal(tcp->name, "tcp");
    assert_non_null(tcp->description);
    assert_string_equal(tcp->params[0].name, "host");
}

static void a_module_is_loaded_once(void **state)
{
    (void)state;
    assert_ptr_equal(found(modules_folder(), "tcp"), found(modules_folder(), "tcp"));
}

static void two_modules_have_each_its_table(void **state)
{
    const struct promon_module *tcp = found(modules_folder(), "tcp");

    (void)state;
    assert_ptr_not_equal(tcp, found(modules_folder(), "dns"));
    assert_string_equal(tcp->name, "tcp");
}

static void a_missing_module_tells_what_is_there(void **state)
{
    const char *message = refusal(modules_folder(), "unheard_of");

    (void)state;
    says(message, "\"unheard_of\" is not in ");
    says(message, "there are: ");
    says(message, "tcp");
}

static void a_slip_of_the_pen_is_told(void **state)
{
    (void)state;
    says(refusal(own_modules_folder(), "exmaple"), "did you mean \"example\"?");
}

static void a_folder_without_modules_says_so(void **state)
{
    (void)state;
    says(refusal("/proc/self/fdinfo", "tcp"), "where there is none");
    says(refusal("/nowhere/at/all", "tcp"), "/nowhere/at/all, where there is none");
}

static void a_name_leads_nowhere_else(void **state)
{
    static const char *const wrong[] = {
        "../tcp",      "tcp.so",
        "/etc/passwd", "tcp/../tcp",
        "TCP",         "",
        "t cp",        "t\ncp",
        "probé",       "aiohttp_prometheus_monitoring.metrics.http"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        says(refusal(modules_folder(), wrong[i]), "a name is of the letters a-z, digits and '_'");
    says(refusal(modules_folder(), NULL), "a name is of");
}

static void what_is_no_module_is_told_apart(void **state)
{
    (void)state;
    says(refusal(own_modules_folder(), "wrongabi"), "is of ABI 2, and this library of 1");
    says(refusal(own_modules_folder(), "small"), "its table has");
    says(refusal(own_modules_folder(), "othername"), "calls itself \"somebody\"");
    says(refusal(own_modules_folder(), "halfmade"), "lacks one of its functions");
    says(refusal(own_modules_folder(), "nosymbol"), "does not export the symbol promon_module_v1");
    says(refusal(own_modules_folder(), "unresolved"), "function_of_a_library_that_is_not_there");
}

static void a_file_that_is_no_shared_object_is_refused(void **state)
{
    char folder[] = "/tmp/test_module_XXXXXX", path[64];
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/probe_text.so", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    assert_int_equal(write(fd, "no ELF\n", 7), 7);
    close(fd);
    says(refusal(folder, "text"), "module \"text\" cannot be loaded: ");
    unlink(path);
    rmdir(folder);
}

static void without_a_folder_the_one_of_the_installation_is_searched(void **state)
{
    (void)state;
    says(refusal(NULL, "unheard_of"), promon__module_folder());
    says(refusal("", "unheard_of"), promon__module_folder());
}

static void the_documented_module_tells_how_much_room_there_is(void **state)
{
    struct prober *prober =
        prober_new(own_modules_folder(), "example", "{\"path\": \"/\", \"least_free_percent\": 0}");
    const struct probed *probed = prober_expect(prober, 10000, PROMON_UP, PROMON_REASON_NONE);

    (void)state;
    assert_int_equal(probed->result.n_values, 1);
    assert_string_equal(probed->result.values[0].key, "free_percent");
    assert_true(probed->result.values[0].value >= 0 && probed->result.values[0].value <= 100);
    assert_non_null(strstr(probed->notes, "blocks are free"));
    prober_free(prober);
}

static void the_documented_module_fails_as_it_should(void **state)
{
    struct prober *prober = prober_new(own_modules_folder(), "example", "{\"path\": \"/nowhere\"}");

    (void)state;
    prober_expect(prober, 10000, PROMON_ERROR, PROMON_REASON_INTERNAL);
    prober_free(prober);
    /* Of /proc nothing is free, for it has no blocks. */
    prober = prober_new(own_modules_folder(), "example", "{\"path\": \"/proc\"}");
    prober_expect(prober, 10000, PROMON_ERROR, PROMON_REASON_INTERNAL);
    prober_free(prober);
    says(prober_refused(own_modules_folder(), "example", "{\"path\": \"here\"}"), "params.path: ");
}

static void a_module_that_does_not_say_why_is_told_by_its_status(void **state)
{
    (void)state;
    says(prober_refused(own_modules_folder(), "silentfail", "{}"),
         "module \"silentfail\" cannot be opened: PROMON_ERESOURCES");
}

static void a_module_of_a_later_header_is_taken(void **state)
{
    struct prober *prober = prober_new(own_modules_folder(), "newer", "{}");

    (void)state;
    assert_true(found(own_modules_folder(), "newer")->size > sizeof(struct promon_module));
    assert_string_equal(prober_expect(prober, 60000, PROMON_UP, PROMON_REASON_NONE)->notes,
                        "the host is older\n");
    prober_free(prober);
}

static void the_host_is_as_large_as_it_says(void **state)
{
    (void)state;
    assert_int_equal(promon__host()->size, sizeof(struct promon_host));
    assert_ptr_equal(promon__host(), promon__host());
}

static void open_once(void *context)
{
    const struct promon_module *module = context;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__check check = {.run = NULL};
    struct promon_params *params = NULL;
    enum promon_status status =
        promon__params_new(module->params, NULL, "{\"path\": \"/\"}", &params, &error);

    if (status == PROMON_OK)
        status = promon__module_open(module, params, &check, &error);
    if (status == PROMON_OK)
        check.close(check.data);
    else
        assert_int_equal(error.status, PROMON_ENOMEM);
}

static void opening_survives_every_failed_allocation(void **state)
{
    const struct promon_module *module = found(own_modules_folder(), "example");

    (void)state;
    assert_true(oom_for_every_allocation(open_once, (void *)module) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_is_found_by_its_name),
        cmocka_unit_test(a_module_is_loaded_once),
        cmocka_unit_test(two_modules_have_each_its_table),
        cmocka_unit_test(a_missing_module_tells_what_is_there),
        cmocka_unit_test(a_slip_of_the_pen_is_told),
        cmocka_unit_test(a_folder_without_modules_says_so),
        cmocka_unit_test(a_name_leads_nowhere_else),
        cmocka_unit_test(what_is_no_module_is_told_apart),
        cmocka_unit_test(a_file_that_is_no_shared_object_is_refused),
        cmocka_unit_test(without_a_folder_the_one_of_the_installation_is_searched),
        cmocka_unit_test(the_documented_module_tells_how_much_room_there_is),
        cmocka_unit_test(the_documented_module_fails_as_it_should),
        cmocka_unit_test(a_module_that_does_not_say_why_is_told_by_its_status),
        cmocka_unit_test(a_module_of_a_later_header_is_taken),
        cmocka_unit_test(the_host_is_as_large_as_it_says),
        cmocka_unit_test(opening_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
