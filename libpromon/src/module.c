/*
 * Modules: finding one by its name in the folder, and opening a context of it for one probe.
 *
 * Invariant: a module is never unloaded: the system counts how often it was loaded, so that nothing
 * is kept here. A name is letters, digits and '_', so that it leads nowhere but into the folder.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "error.h"
#include "module_folder.h"
#include "nearest.h"

/* Longer names, and more modules than these, are not looked at when one is missing. */
enum { NAME_BYTES = 48, PRESENT_MAX = 64, PATH_BYTES = 4096 };

/* The table as version 0.1 had it: all that a module must bring, however much is appended later. */
#define FIRST_TABLE_BYTES \
    (offsetof(struct promon_module, close) + sizeof(((struct promon_module *)NULL)->close))

struct present {
    char names[PRESENT_MAX][NAME_BYTES];
    const char *sorted[PRESENT_MAX + 1]; /* NULL ends them */
    size_t count;
};

static bool is_name(const char *name, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              name[i] == '_'))
            return false;
    return size > 0 && size < NAME_BYTES;
}

/* "probe_NAME.so"; 0: it is not. */
static size_t name_in(const char *file)
{
    static const char head[] = "probe_", tail[] = ".so";
    const size_t around = sizeof(head) + sizeof(tail) - 2, size = strlen(file);

    if (size <= around || memcmp(file, head, sizeof(head) - 1) != 0 ||
        strcmp(file + size - (sizeof(tail) - 1), tail) != 0)
        return 0;
    return is_name(file + sizeof(head) - 1, size - around) ? size - around : 0;
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static void look_around(const char *folder, struct present *out)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;

    memset(out, 0, sizeof(*out));
    while (open != NULL && out->count < PRESENT_MAX && (entry = readdir(open)) != NULL) {
        const size_t size = name_in(entry->d_name);

        if (size == 0)
            continue;
        memcpy(out->names[out->count], entry->d_name + strlen("probe_"), size);
        out->sorted[out->count] = out->names[out->count];
        out->count++;
    }
    if (open != NULL)
        closedir(open);
    qsort(out->sorted, out->count, sizeof(out->sorted[0]), compare);
}

/* "a, b, c", as many as there is room for. */
static void join(const char *const *names, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (; *names != NULL && used + strlen(*names) + sizeof(", …") < size; names++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", *names);
    if (*names != NULL)
        snprintf(out + used, size - used, "%s", used > 0 ? ", …" : "…");
}

/* What is there instead. */
static enum promon_status fail_missing(const char *folder, const char *name,
                                       struct promon_error *error)
{
    struct present present;
    char list[120];
    const char *nearest;

    look_around(folder, &present);
    if (present.count == 0)
        return promon__fail(error, PROMON_EMODULE,
                            "module \"%s\" is not in %.120s, where there is none", name, folder);
    nearest = promon__nearest(name, present.sorted);
    join(present.sorted, list, sizeof(list));
    if (nearest != NULL)
        return promon__fail(error, PROMON_EMODULE,
                            "module \"%s\" is not in %.100s; did you mean \"%s\"? There are: %s",
                            name, folder, nearest, list);
    return promon__fail(error, PROMON_EMODULE, "module \"%s\" is not in %.100s; there are: %s",
                        name, folder, list);
}

/* dlerror is of the calling thread. */
static enum promon_status fail_to_load(const char *name, struct promon_error *error)
{
    const char *why = dlerror();

    return promon__fail(error, PROMON_EMODULE, "module \"%s\" cannot be loaded: %s", name,
                        why == NULL ? "for no reason given" : why);
}

static enum promon_status check_table(const char *name, const struct promon_module *module,
                                      struct promon_error *error)
{
    if (module->abi != PROMON_MODULE_ABI)
        return promon__fail(error, PROMON_EMODULE,
                            "module \"%s\" is of ABI %u, and this library of %u", name,
                            (unsigned)module->abi, (unsigned)PROMON_MODULE_ABI);
    if (module->size < FIRST_TABLE_BYTES)
        return promon__fail(error, PROMON_EMODULE, "module \"%s\": its table has %u bytes, not %zu",
                            name, (unsigned)module->size, FIRST_TABLE_BYTES);
    if (module->name == NULL || strcmp(module->name, name) != 0)
        return promon__fail(error, PROMON_EMODULE, "module \"%s\" calls itself \"%.48s\"", name,
                            module->name == NULL ? "" : module->name);
    if (module->open == NULL || module->check == NULL || module->close == NULL)
        return promon__fail(error, PROMON_EMODULE,
                            "module \"%s\" lacks one of its functions open, check and close", name);
    return PROMON_OK;
}

static enum promon_status load(const char *path, const char *name, const struct promon_module **out,
                               struct promon_error *error)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct promon_module *module;
    enum promon_status status;

    if (handle == NULL)
        return fail_to_load(name, error);
    module = dlsym(handle, "promon_module_v1");
    if (module == NULL)
        return promon__fail(error, PROMON_EMODULE,
                            "module \"%s\" does not export the symbol promon_module_v1", name);
    status = check_table(name, module, error);
    if (status == PROMON_OK)
        *out = module;
    return status;
}

enum promon_status promon__module_find(const char *folder, const char *name,
                                       const struct promon_module **out, struct promon_error *error)
{
    char path[PATH_BYTES];

    if (name == NULL || !is_name(name, strlen(name)))
        return promon__fail(error, PROMON_EMODULE,
                            "module \"%.60s\": a name is of the letters a-z, digits and '_'",
                            name == NULL ? "" : name);
    if (folder == NULL || folder[0] == '\0')
        folder = promon__module_folder();
    /* With a '/', so that the system looks nowhere else. */
    if ((size_t)snprintf(path, sizeof(path), "%s/probe_%s.so", folder, name) >= sizeof(path))
        return promon__fail(error, PROMON_EMODULE, "module \"%s\": the path is too long", name);
    if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return fail_missing(folder, name, error);
    return load(path, name, out, error);
}

/* One context and what it was made of. */
struct opened {
    const struct promon_module *module;
    struct promon_params *params;
    void *context;
};

static enum promon_verdict run(void *data, int64_t deadline_ns, struct promon_result *result)
{
    const struct opened *opened = data;

    return opened->module->check(opened->context, deadline_ns, result);
}

static void close_opened(void *data)
{
    struct opened *opened = data;

    opened->module->close(opened->context);
    promon__params_free(opened->params);
    free(opened);
}

/* A module may forget to say why. */
static enum promon_status open_context(struct opened *opened, struct promon_error *error)
{
    struct promon_error why = PROMON_ERROR_INIT;
    const enum promon_status status =
        opened->module->open(promon__host(), opened->params, &opened->context, &why);

    if (status == PROMON_OK)
        return PROMON_OK;
    if (why.status == PROMON_OK)
        promon__fail(&why, status, "module \"%s\" cannot be opened: %s", opened->module->name,
                     promon_status_name(status));
    return promon__fail_copy(error, &why);
}

/* Connections of the old context are the parent's, and to close them would say so to the server. */
static void open_anew(void *data)
{
    struct opened anew = *(struct opened *)data;

    if (open_context(&anew, NULL) == PROMON_OK)
        *(struct opened *)data = anew;
}

enum promon_status promon__module_open(const struct promon_module *module,
                                       struct promon_params *params, struct promon__check *out,
                                       struct promon_error *error)
{
    struct opened *opened = calloc(1, sizeof(*opened));
    enum promon_status status = opened == NULL ? promon__fail_memory(error) : PROMON_OK;

    if (status == PROMON_OK) {
        opened->module = module;
        opened->params = params;
        status = open_context(opened, error);
    }
    if (status != PROMON_OK) {
        promon__params_free(params);
        free(opened);
        return status;
    }
    *out = (struct promon__check){
        .run = run, .data = opened, .close = close_opened, .renew = open_anew};
    return PROMON_OK;
}
