/*
 * The module "process": a process of this machine lives. It is named by a file with its number, or
 * by its name, which several may have. What it takes is told as figures, out of /proc.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <promon/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_BYTES = 64,
    FILE_BYTES = 1024,
    STATE_FIELD = 3, /* of /proc/PID/stat; the first one behind the name */
    USER_FIELD = 14,
    SYSTEM_FIELD = 15,
    THREADS_FIELD = 20,
    PAGES_FIELD = 24,
    FIELDS = 25
};

struct process {
    const struct promon_host *host;
    const char *pid_file, *name; /* one of them is NULL */
    int64_t minimum;
};

/* The sum of those that were found. */
struct sums {
    uint64_t processes, ticks, pages, threads, descriptors;
    bool lacks_descriptors; /* of some, which are somebody else's, they cannot be counted */
};

static const struct promon_param_rule rules[] = {
    {.name = "pid_file",
     .type = PROMON_PARAM_STRING,
     .help = "file with the number of the process"},
    {.name = "name",
     .type = PROMON_PARAM_STRING,
     .help = "name of the program, without its folder"},
    {.name = "minimum",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 100000,
     .help = "how many of that name there must be at least",
     .otherwise = "1"},
    {.name = NULL},
};

static enum promon_status process_open(const struct promon_host *host,
                                       const struct promon_params *params, void **context,
                                       struct promon_error *error)
{
    const char *pid_file = host->param_string(params, "pid_file", NULL);
    const char *name = host->param_string(params, "name", NULL);
    struct process *process;

    if ((pid_file == NULL) == (name == NULL))
        return host->error_set(error, PROMON_ECONFIG,
                               "params: expected either \"pid_file\" or \"name\"");
    if (name != NULL && (name[0] == '\0' || strchr(name, '/') != NULL))
        return host->error_set(error, PROMON_ECONFIG,
                               "params.name: expected the name of a program, without a folder");
    process = calloc(1, sizeof(*process));
    if (process == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    process->host = host;
    process->pid_file = pid_file;
    process->name = name;
    process->minimum = host->param_integer(params, "minimum", 1);
    *context = process;
    return PROMON_OK;
}

/*
 * Reads the beginning of a file; its size, or -1 with errno. A file that somebody has replaced by a
 * pipe is not waited for.
 */
static ssize_t read_beginning(const char *path, char *out, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;
    int failure;

    if (fd < 0)
        return -1;
    n = read(fd, out, size - 1);
    failure = errno;
    close(fd);
    errno = failure;
    if (n >= 0)
        out[n] = '\0';
    return n;
}

static ssize_t read_of(unsigned long pid, const char *what, char *out, size_t size)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "/proc/%lu/%s", pid, what);
    return read_beginning(path, out, size);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/*
 * Its program, what it calls itself (of which the system keeps 15 bytes), or what it was started
 * as.
 */
static bool has_name(unsigned long pid, const char *name)
{
    char text[FILE_BYTES], path[PATH_BYTES];
    ssize_t n = read_of(pid, "comm", text, sizeof(text));

    if (n > 0) {
        text[strcspn(text, "\n")] = '\0';
        if (strcmp(text, name) == 0)
            return true;
    }
    (void)snprintf(path, sizeof(path), "/proc/%lu/exe", pid);
    n = readlink(path, text, sizeof(text) - 1);
    if (n > 0) {
        text[n] = '\0';
        if (strcmp(base_name(text), name) == 0)
            return true;
    }
    n = read_of(pid, "cmdline", text, sizeof(text));
    return n > 0 && strcmp(base_name(text), name) == 0;
}

/* The numbers of /proc/PID/stat by field; the state too, as a character. False: it is gone. */
static bool read_stat(unsigned long pid, uint64_t fields[FIELDS])
{
    char text[FILE_BYTES], *at, *word;
    unsigned field = STATE_FIELD;

    memset(fields, 0, FIELDS * sizeof(*fields));
    if (read_of(pid, "stat", text, sizeof(text)) <= 0)
        return false;
    /* The name may hold anything, parentheses and spaces too. */
    at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ')
        return false;
    at += 2;
    fields[STATE_FIELD] = (unsigned char)*at;
    while (field < FIELDS && (word = strsep(&at, " ")) != NULL) {
        if (field != STATE_FIELD)
            fields[field] = strtoull(word, NULL, 10);
        field++;
    }
    return true;
}

static void count_descriptors(unsigned long pid, struct sums *sums)
{
    char path[PATH_BYTES];
    DIR *folder;
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "/proc/%lu/fd", pid);
    folder = opendir(path);
    if (folder == NULL) {
        sums->lacks_descriptors = true;
        return;
    }
    while ((entry = readdir(folder)) != NULL)
        sums->descriptors += entry->d_name[0] != '.';
    closedir(folder);
}

/* Adds one, if it lives. */
static void add(unsigned long pid, struct sums *sums)
{
    uint64_t fields[FIELDS];

    if (!read_stat(pid, fields) || fields[STATE_FIELD] == 'Z' || fields[STATE_FIELD] == 'X')
        return;
    sums->processes++;
    sums->ticks += fields[USER_FIELD] + fields[SYSTEM_FIELD];
    sums->pages += fields[PAGES_FIELD];
    sums->threads += fields[THREADS_FIELD];
    count_descriptors(pid, sums);
}

static void tell(const struct process *process, const struct sums *sums,
                 struct promon_result *result)
{
    const struct promon_host *host = process->host;

    host->value(result, "processes", (double)sums->processes);
    if (sums->processes == 0)
        return;
    host->value(result, "cpu_seconds", (double)sums->ticks / (double)sysconf(_SC_CLK_TCK));
    host->value(result, "resident_memory_bytes",
                (double)sums->pages * (double)sysconf(_SC_PAGESIZE));
    host->value(result, "threads", (double)sums->threads);
    if (!sums->lacks_descriptors)
        host->value(result, "open_fds", (double)sums->descriptors);
}

static enum promon_verdict fail_folder(const struct process *process, struct promon_result *result)
{
    char buffer[128];

    return process->host->fail(result, PROMON_REASON_INTERNAL, "/proc cannot be read: %s",
                               strerror_r(errno, buffer, sizeof(buffer)));
}

/* Who is not seen for want of descriptors may live nevertheless. */
static bool can_look(void)
{
    char text[FILE_BYTES];

    return read_beginning("/proc/self/stat", text, sizeof(text)) > 0;
}

/* A file that is not there is one of a process that does not live; others say nothing of it. */
static enum promon_verdict fail_file(const struct process *process, struct promon_result *result)
{
    const bool is_gone = errno == ENOENT || errno == ENOTDIR;
    char buffer[128];

    return process->host->fail(result, is_gone ? PROMON_REASON_STATUS : PROMON_REASON_INTERNAL,
                               is_gone ? "there is no file with its number: %s"
                                       : "its file cannot be read: %s",
                               strerror_r(errno, buffer, sizeof(buffer)));
}

static enum promon_verdict check_file(const struct process *process, struct promon_result *result)
{
    const struct promon_host *host = process->host;
    struct sums sums = {.processes = 0};
    char text[FILE_BYTES], *end;
    unsigned long pid;

    if (read_beginning(process->pid_file, text, sizeof(text)) < 0)
        return fail_file(process, result);
    pid = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || pid == 0 || end[strspn(end, " \t\r\n")] != '\0')
        return host->fail(result, PROMON_REASON_BODY, "the file does not hold its number");
    add(pid, &sums);
    if (sums.processes == 0 && !can_look())
        return fail_folder(process, result);
    tell(process, &sums, result);
    if (sums.processes == 0)
        return host->fail(result, PROMON_REASON_STATUS, "process %lu does not live", pid);
    return PROMON_UP;
}

static enum promon_verdict check_name(const struct process *process, int64_t deadline_ns,
                                      struct promon_result *result)
{
    struct sums sums = {.processes = 0};
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    bool is_late = false;

    if (folder == NULL || !can_look()) {
        if (folder != NULL)
            closedir(folder);
        return fail_folder(process, result);
    }
    while (!is_late && (entry = readdir(folder)) != NULL) {
        const unsigned long pid = strtoul(entry->d_name, NULL, 10);

        if (pid != 0 && has_name(pid, process->name))
            add(pid, &sums);
        is_late = process->host->now_ns() >= deadline_ns;
    }
    closedir(folder);
    if (is_late)
        return process->host->fail(result, PROMON_REASON_TIMEOUT,
                                   "looking through the processes took too long");
    tell(process, &sums, result);
    if (sums.processes >= (uint64_t)process->minimum)
        return PROMON_UP;
    return process->host->fail(result, PROMON_REASON_STATUS, "%" PRIu64 " processes \"%s\" live",
                               sums.processes, process->name);
}

static enum promon_verdict process_check(void *context, int64_t deadline_ns,
                                         struct promon_result *result)
{
    const struct process *process = context;

    return process->pid_file != NULL ? check_file(process, result)
                                     : check_name(process, deadline_ns, result);
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "process",
    .description = "a process of this machine lives",
    .params = rules,
    .open = process_open,
    .check = process_check,
    .close = free,
};
