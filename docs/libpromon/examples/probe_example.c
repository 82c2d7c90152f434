/*
 * A module of one's own: "example" is up while the file system of a path has enough room. Put the
 * shared object into the folder of modules as probe_example.so:
 *
 *     cc -shared -fPIC -o probe_example.so probe_example.c $(pkg-config --cflags libpromon)
 *
 * and name it in the configuration:
 *
 *     {"name": "room_for_uploads", "description": "Disk of the uploads", "sleep_time": 60,
 *      "module": "example", "params": {"path": "/srv/uploads", "least_free_percent": 10}}
 *
 * It is linked with nothing of libpromon: `open` receives what a module may call.
 */
#include <errno.h>
#include <promon/module.h>
#include <stdlib.h>
#include <sys/statvfs.h>

/* One probe that uses this module. */
struct example {
    const struct promon_host *host;
    const char *path; /* of the parameters, which live until close */
    double least_free_percent;
};

/*
 * What may stand in "params". The library refuses everything else before `open` is called, with the
 * name of the parameter, so that nothing need be checked here that a rule can say.
 */
static const struct promon_param_rule rules[] = {
    {.name = "path",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "a file or folder of the file system"},
    {.name = "least_free_percent",
     .type = PROMON_PARAM_NUMBER,
     .minimum = 0,
     .maximum = 100,
     .help = "less room than this is a failure",
     .otherwise = "5"},
    {.name = NULL},
};

/* Once per probe. Touches nothing of what is probed: that may be down when the program starts. */
static enum promon_status example_open(const struct promon_host *host,
                                       const struct promon_params *params, void **context,
                                       struct promon_error *error)
{
    struct example *example;

    if (host->param_string(params, "path", "")[0] != '/')
        return host->error_set(error, PROMON_ECONFIG, "params.path: expected a path from '/' on");
    example = calloc(1, sizeof(*example));
    if (example == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    example->host = host;
    example->path = host->param_string(params, "path", "");
    example->least_free_percent = host->param_number(params, "least_free_percent", 5);
    *context = example;
    return PROMON_OK;
}

/*
 * One check. DOWN is for what is probed, ERROR for a probe that could not find out: the reason
 * decides, PROMON_REASON_INTERNAL is the one of errors. What waits must end at the deadline;
 * host->connect and host->wait do.
 */
static enum promon_verdict example_check(void *context, int64_t deadline_ns,
                                         struct promon_result *result)
{
    const struct example *example = context;
    const struct promon_host *host = example->host;
    struct statvfs room;
    double free_percent;

    (void)deadline_ns;
    if (statvfs(example->path, &room) != 0)
        return host->fail(result, PROMON_REASON_INTERNAL, "%s: errno %d", example->path, errno);
    if (room.f_blocks == 0)
        return host->fail(result, PROMON_REASON_INTERNAL, "%s: has no size", example->path);
    free_percent = 100.0 * (double)room.f_bavail / (double)room.f_blocks;
    /* promon_probe_value{probe="room_for_uploads",key="free_percent"} */
    host->value(result, "free_percent", free_percent);
    host->note(result, "%llu of %llu blocks are free", (unsigned long long)room.f_bavail,
               (unsigned long long)room.f_blocks);
    if (free_percent < example->least_free_percent)
        return host->fail(result, PROMON_REASON_STATUS, "%d %% of %s are free", (int)free_percent,
                          example->path);
    return PROMON_UP;
}

/* The last call for this context. */
static void example_close(void *context)
{
    free(context);
}

/* The one symbol of a module. */
const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "example",
    .description = "the file system of a path has room",
    .params = rules,
    .open = example_open,
    .check = example_check,
    .close = example_close,
};
