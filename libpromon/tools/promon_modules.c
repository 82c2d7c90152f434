/*
 * modules: what there is in the folder of modules, told by the tables that they export.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <promon/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "promon_commands.h"

static const char head[] = "probe_", tail[] = ".so";

static int is_module(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);

    return size > sizeof(head) + sizeof(tail) - 2 &&
           strncmp(entry->d_name, head, sizeof(head) - 1) == 0 &&
           strcmp(entry->d_name + size - (sizeof(tail) - 1), tail) == 0;
}

/* NULL after a complaint. */
static const struct promon_module *load(const char *folder, const char *file)
{
    const struct promon_module *module = NULL;
    char path[4096];
    void *handle;

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL)
        module = dlsym(handle, "promon_module_v1");
    if (module == NULL)
        complain("%s", dlerror());
    else if (module->abi != PROMON_MODULE_ABI)
        complain("%s: of ABI %u, this program has %d", path, module->abi, PROMON_MODULE_ABI);
    else
        return module;
    return NULL;
}

static const char *type_name(enum promon_param_type type)
{
    switch (type) {
    case PROMON_PARAM_STRING: return "text";
    case PROMON_PARAM_INTEGER: return "integer";
    case PROMON_PARAM_NUMBER: return "number";
    case PROMON_PARAM_BOOLEAN: return "true/false";
    case PROMON_PARAM_STRINGS: return "texts";
    case PROMON_PARAM_INTEGERS: return "integers";
    case PROMON_PARAM_MAP: break;
    }
    return "map";
}

static void print_rule(const struct promon_param_rule *rule)
{
    printf("  %-18s %-11s %s", rule->name, type_name(rule->type),
           rule->help == NULL ? "" : rule->help);
    if ((rule->flags & PROMON_PARAM_REQUIRED) != 0)
        printf("; required");
    if ((rule->flags & PROMON_PARAM_SECRET) != 0)
        printf("; secret");
    if (rule->otherwise != NULL)
        printf("; default %s", rule->otherwise);
    if (rule->minimum != 0 || rule->maximum != 0)
        printf("; %.10g to %.10g", rule->minimum, rule->maximum);
    putchar('\n');
}

static int print_module(const char *folder, const char *name)
{
    const struct promon_param_rule *rule;
    const struct promon_module *module;
    char file[256];

    if (strchr(name, '/') != NULL) {
        complain("modules: %s: a name has no '/'", name);
        return EXIT_USAGE;
    }
    snprintf(file, sizeof(file), "%s%s%s", head, name, tail);
    module = load(folder, file);
    if (module == NULL)
        return EXIT_DOWN;
    printf("%s: %s\n", module->name, module->description);
    for (rule = module->params; rule != NULL && rule->name != NULL; rule++)
        print_rule(rule);
    return EXIT_UP;
}

static int print_all(const char *folder)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_module, alphasort);
    int status = EXIT_UP;
    int i;

    if (count < 0) {
        complain("modules: cannot read the folder %s", folder);
        return EXIT_DOWN;
    }
    for (i = 0; i < count; i++) {
        const struct promon_module *module = load(folder, entries[i]->d_name);

        if (module == NULL)
            status = EXIT_DOWN;
        else
            printf("%-12s %s\n", module->name, module->description);
        free(entries[i]);
    }
    free(entries);
    return status;
}

int command_modules(const struct arguments *arguments)
{
    const char *folder = arguments->modules == NULL ? promon_modules_folder() : arguments->modules;

    return arguments->words[0] == NULL ? print_all(folder)
                                       : print_module(folder, arguments->words[0]);
}
