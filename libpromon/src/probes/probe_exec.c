/*
 * The module "exec": runs a command without a shell, and judges its exit code. Lines "KEY NUMBER"
 * that it prints are figures.
 *
 * Invariant: at the deadline the command and all of its process group are killed.
 */
#include "probe_exec.h"

#include <errno.h>
#include <poll.h>
#include <promon/module.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figure.h"

enum {
    MAX_ARGUMENTS = 64,
    MAX_VARIABLES = 64,
    MAX_CODES = 16,
    /* What is kept of output; the rest is read and dropped, so that the command can go on. */
    OUTPUT_BYTES = 8192,
    KEY_BYTES = 64
};

#define MILLISECOND_NS INT64_C(1000000)
/* How long a killed command may take to end, before it is left for the next check to reap. */
#define GRACE_NS (500 * MILLISECOND_NS)
/* How often it is looked for where the system has no descriptor for it. */
#define PAUSE_NS (10 * MILLISECOND_NS)

struct output {
    char text[OUTPUT_BYTES];
    size_t size;
};

struct exec {
    const struct promon_host *host;
    char *arguments[MAX_ARGUMENTS + 1]; /* of the parameters, like the environment's values */
    char *environment[MAX_VARIABLES + 2]; /* own */
    int64_t timeout_ns; /* 0: only the deadline of the probe */
    long codes[MAX_CODES];
    unsigned n_codes;
    struct promon__child child; /* also one that did not end when it was killed */
    struct output outputs[PROMON__EXEC_PIPES];
};

static const struct promon_param_rule rules[] = {
    {.name = "command",
     .type = PROMON_PARAM_STRINGS,
     .flags = PROMON_PARAM_REQUIRED | PROMON_PARAM_SECRET,
     .help = "a program, by its path or its name in PATH, and its arguments; no shell"},
    {.name = "timeout",
     .type = PROMON_PARAM_NUMBER,
     .minimum = 0.001,
     .maximum = 86400,
     .help = "seconds; shortens the timeout of the probe",
     .otherwise = "the probe's"},
    {.name = "expected_codes",
     .type = PROMON_PARAM_INTEGERS,
     .minimum = 0,
     .maximum = 255,
     .help = "exit codes of success",
     .otherwise = "0"},
    {.name = "environment",
     .type = PROMON_PARAM_MAP,
     .flags = PROMON_PARAM_SECRET,
     .help = "its variables; beside them it has only the PATH of this program"},
    {.name = NULL},
};

static void exec_close(void *context)
{
    struct exec *exec = context;
    size_t i;
    int status;

    (void)promon__child_reap(&exec->child, &status);
    for (i = 0; exec->environment[i] != NULL; i++)
        free(exec->environment[i]);
    free(exec);
}

static char *variable(const char *name, const char *value)
{
    const size_t size = strlen(name) + 1 + strlen(value) + 1;
    char *out = malloc(size);

    if (out != NULL)
        (void)snprintf(out, size, "%s=%s", name, value);
    return out;
}

static enum promon_status read_environment(struct exec *exec, const struct promon_params *params,
                                           struct promon_error *error)
{
    const struct promon_host *host = exec->host;
    const char *path = getenv("PATH"), *key, *value;
    size_t i, count = 0;
    bool has_path = false;

    for (i = 0; (value = host->param_entry(params, "environment", i, &key)) != NULL; i++) {
        if (i == MAX_VARIABLES)
            return host->error_set(error, PROMON_ECONFIG, "params.environment: more than %d",
                                   (int)MAX_VARIABLES);
        if (key[0] == '\0' || strchr(key, '=') != NULL)
            return host->error_set(error, PROMON_ECONFIG,
                                   "params.environment: \"%s\" is not a name", key);
        has_path = has_path || strcmp(key, "PATH") == 0;
        exec->environment[count] = variable(key, value);
        if (exec->environment[count++] == NULL)
            return host->error_set(error, PROMON_ENOMEM, "out of memory");
    }
    if (has_path)
        return PROMON_OK;
    exec->environment[count] = variable("PATH", path != NULL ? path : "/usr/bin:/bin");
    return exec->environment[count] != NULL
               ? PROMON_OK
               : host->error_set(error, PROMON_ENOMEM, "out of memory");
}

static enum promon_status read_command(struct exec *exec, const struct promon_params *params,
                                       struct promon_error *error)
{
    const char *item;
    size_t i;

    for (i = 0; (item = exec->host->param_item(params, "command", i)) != NULL; i++) {
        if (i == MAX_ARGUMENTS)
            return exec->host->error_set(error, PROMON_ECONFIG, "params.command: more than %d",
                                         (int)MAX_ARGUMENTS);
        /* execve does not write to them, whatever its type says. */
        exec->arguments[i] = (char *)(uintptr_t)item;
    }
    if (i == 0 || exec->arguments[0][0] == '\0')
        return exec->host->error_set(error, PROMON_ECONFIG, "params.command: is empty");
    return PROMON_OK;
}

static enum promon_status read_codes(struct exec *exec, const struct promon_params *params,
                                     struct promon_error *error)
{
    const char *item;

    while ((item = exec->host->param_item(params, "expected_codes", exec->n_codes)) != NULL) {
        if (exec->n_codes == MAX_CODES)
            return exec->host->error_set(error, PROMON_ECONFIG,
                                         "params.expected_codes: more than %d", (int)MAX_CODES);
        exec->codes[exec->n_codes++] = strtol(item, NULL, 10);
    }
    if (exec->n_codes == 0)
        exec->n_codes = 1; /* which is 0 */
    return PROMON_OK;
}

static enum promon_status exec_open(const struct promon_host *host,
                                    const struct promon_params *params, void **context,
                                    struct promon_error *error)
{
    struct exec *exec = calloc(1, sizeof(*exec));
    enum promon_status status;

    if (exec == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    exec->host = host;
    exec->child.pidfd = exec->child.pipes[0] = exec->child.pipes[1] = -1;
    exec->timeout_ns = (int64_t)(host->param_number(params, "timeout", 0) * 1e9);
    status = read_command(exec, params, error);
    if (status == PROMON_OK)
        status = read_codes(exec, params, error);
    if (status == PROMON_OK)
        status = read_environment(exec, params, error);
    if (status != PROMON_OK)
        exec_close(exec);
    else
        *context = exec;
    return status;
}

/* Takes what there is; closes at the end. */
static void drain(struct exec *exec, unsigned which)
{
    struct output *output = &exec->outputs[which];
    char chunk[4096];
    ssize_t n;

    n = read(exec->child.pipes[which], chunk, sizeof(chunk));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close(exec->child.pipes[which]);
        exec->child.pipes[which] = -1;
        return;
    }
    if ((size_t)n > sizeof(output->text) - 1 - output->size)
        n = (ssize_t)(sizeof(output->text) - 1 - output->size);
    memcpy(output->text + output->size, chunk, (size_t)n);
    output->size += (size_t)n;
    output->text[output->size] = '\0';
}

/* Waits for output or the end until then at the latest. */
static void wait_a_while(struct exec *exec, int64_t until_ns)
{
    const struct promon__child *child = &exec->child;
    struct pollfd waited[PROMON__EXEC_PIPES + 1];
    int64_t left_ns = until_ns - exec->host->now_ns();
    struct timespec left;
    unsigned i;

    for (i = 0; i < PROMON__EXEC_PIPES; i++)
        waited[i] = (struct pollfd){.fd = child->pipes[i], .events = POLLIN};
    waited[i] = (struct pollfd){.fd = child->pidfd, .events = POLLIN};
    if (child->pidfd < 0 && left_ns > PAUSE_NS)
        left_ns = PAUSE_NS;
    if (left_ns < 0)
        left_ns = 0;
    left.tv_sec = (time_t)(left_ns / (1000 * MILLISECOND_NS));
    left.tv_nsec = (long)(left_ns % (1000 * MILLISECOND_NS));
    if (ppoll(waited, PROMON__EXEC_PIPES + 1, &left, NULL) <= 0)
        return;
    for (i = 0; i < PROMON__EXEC_PIPES; i++)
        if (waited[i].revents != 0)
            drain(exec, i);
}

/* Whether it ended by itself. */
static bool watch(struct exec *exec, int64_t deadline_ns)
{
    while (!promon__child_has_ended(&exec->child)) {
        if (exec->host->now_ns() >= deadline_ns)
            return false;
        wait_a_while(exec, deadline_ns);
    }
    /* What it said last; others that it has started may hold the pipes open. */
    while (exec->child.pipes[0] >= 0 || exec->child.pipes[1] >= 0) {
        const size_t before = exec->outputs[0].size + exec->outputs[1].size;

        wait_a_while(exec, 0);
        if (exec->outputs[0].size + exec->outputs[1].size == before)
            break;
    }
    return true;
}

/* A line "KEY NUMBER" is a figure; any other is none. */
static void tell_figure(const struct exec *exec, char *line, struct promon_result *result)
{
    const size_t key = strcspn(line, " \t");
    double figure;

    if (key == 0 || key >= KEY_BYTES || line[key] == '\0')
        return;
    if (!promon__figure_read(line + key + 1, &figure))
        return;
    line[key] = '\0';
    exec->host->value(result, line, figure);
}

static void tell_output(struct exec *exec, struct promon_result *result)
{
    char *rest = exec->outputs[PROMON__EXEC_OUT].text, *line;

    while ((line = strsep(&rest, "\n")) != NULL)
        if (line[0] != '\0') {
            exec->host->note(result, "it says: %s", line);
            tell_figure(exec, line, result);
        }
}

static bool is_expected(const struct exec *exec, int code)
{
    unsigned i;

    for (i = 0; i < exec->n_codes; i++)
        if (exec->codes[i] == code)
            return true;
    return false;
}

/* The reason that it gives itself is the first line that it wrote as an error. */
static enum promon_verdict judge(const struct exec *exec, int status, struct promon_result *result)
{
    const char *said = exec->outputs[PROMON__EXEC_ERR].text;
    const int size = (int)strcspn(said, "\n");

    if (WIFSIGNALED(status))
        return exec->host->fail(result, PROMON_REASON_STATUS, "ended by signal %d%s%.*s",
                                WTERMSIG(status), size > 0 ? ": " : "", size, said);
    exec->host->value(result, "exit_code", WEXITSTATUS(status));
    if (is_expected(exec, WEXITSTATUS(status)))
        return PROMON_UP;
    return exec->host->fail(result, PROMON_REASON_STATUS, "exit code %d%s%.*s", WEXITSTATUS(status),
                            size > 0 ? ": " : "", size, said);
}

static enum promon_verdict end_late(struct exec *exec, struct promon_result *result)
{
    const int64_t until_ns = exec->host->now_ns() + GRACE_NS;
    int status;

    (void)kill(-exec->child.pid, SIGKILL);
    while (!promon__child_has_ended(&exec->child) && exec->host->now_ns() < until_ns)
        wait_a_while(exec, until_ns);
    (void)promon__child_reap(&exec->child, &status);
    return exec->host->fail(result, PROMON_REASON_TIMEOUT, "it did not end in time and was killed");
}

static enum promon_verdict run(struct exec *exec, int64_t deadline_ns, struct promon_result *result)
{
    const int64_t begin_ns = exec->host->now_ns();
    bool has_ended;
    int status = 0;

    has_ended = watch(exec, deadline_ns);
    exec->host->phase(result, PROMON_PHASE_QUERY, exec->host->now_ns() - begin_ns);
    tell_output(exec, result);
    if (!has_ended)
        return end_late(exec, result);
    if (!promon__child_reap(&exec->child, &status))
        return exec->host->fail(result, PROMON_REASON_INTERNAL,
                                "its exit code is lost: somebody else waits for children");
    return judge(exec, status, result);
}

static enum promon_verdict fail_start(const struct exec *exec, int failure,
                                      struct promon_result *result)
{
    char buffer[128];

    return exec->host->fail(result, PROMON_REASON_INTERNAL, "\"%s\" cannot be started: %s",
                            exec->arguments[0], strerror_r(failure, buffer, sizeof(buffer)));
}

static enum promon_verdict exec_check(void *context, int64_t deadline_ns,
                                      struct promon_result *result)
{
    struct exec *exec = context;
    const int64_t now_ns = exec->host->now_ns();
    int status, failure;

    if (exec->timeout_ns > 0 && now_ns + exec->timeout_ns < deadline_ns)
        deadline_ns = now_ns + exec->timeout_ns;
    if (exec->child.pid != 0 && !promon__child_reap(&exec->child, &status) && exec->child.pid != 0)
        return exec->host->fail(result, PROMON_REASON_INTERNAL,
                                "the command of an earlier check cannot be killed");
    memset(exec->outputs, 0, sizeof(exec->outputs));
    failure = promon__child_start(&exec->child, exec->arguments, exec->environment);
    return failure != 0 ? fail_start(exec, failure, result) : run(exec, deadline_ns, result);
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "exec",
    .description = "a command ends in time with the expected exit code",
    .params = rules,
    .open = exec_open,
    .check = exec_check,
    .close = exec_close,
};
