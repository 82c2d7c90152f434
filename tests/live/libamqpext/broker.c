#include "broker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { EXPRESSION_SIZE = 1024, COMMAND_SIZE = EXPRESSION_SIZE + 300 };

#define RESOURCE "rabbit_misc:r(<<\"/\">>, queue, <<\"%s\">>)"
/* The names and records of all queues that begin with a text. */
#define QUEUES_OF                                                                            \
    "[Q || Q <- rabbit_amqqueue:list(), {resource, _, queue, N} <- [amqqueue:get_name(Q)], " \
    "lists:prefix(\"%s\", binary_to_list(N))]"

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL) {
        fprintf(stderr, "%s is not set: run by tests/services/with rabbitmq\n", name);
        exit(2);
    }
    return value;
}

uint16_t broker_port(void)
{
    return (uint16_t)strtoul(setting("AMQPEXT_TEST_PORT"), NULL, 10);
}

void broker_url(char *out, size_t size, uint16_t port)
{
    snprintf(out, size, "amqp://guest:guest@127.0.0.1:%u/", (unsigned)port);
}

/* Whether the command ended with 0; the first line that it wrote. */
static bool run(const char *command, char *answer, size_t size)
{
    FILE *pipe = popen(command, "re");
    char line[256];
    int status;

    if (pipe == NULL)
        return false;
    if (answer != NULL && fgets(answer, (int)size, pipe) == NULL)
        answer[0] = '\0';
    while (fgets(line, sizeof(line), pipe) != NULL)
        ;
    status = pclose(pipe);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Writes all lines that a command wrote, as comments of a test. */
static void show(const char *command)
{
    FILE *pipe = popen(command, "re");
    char line[512];

    if (pipe == NULL)
        return;
    while (fgets(line, sizeof(line), pipe) != NULL)
        printf("# %s", line);
    printf("\n");
    fflush(stdout);
    pclose(pipe);
}

bool broker_service(const char *action)
{
    char command[512];

    snprintf(command, sizeof(command), "%s service %s 2>&1", setting("AMQPEXT_TEST_CTL"), action);
    return run(command, NULL, 0);
}

static void write_eval(char *command, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void write_eval(char *command, const char *format, va_list arguments)
{
    char expression[EXPRESSION_SIZE];

    vsnprintf(expression, sizeof(expression), format, arguments);
    snprintf(command, COMMAND_SIZE, "%s eval '%s' 2>&1", setting("AMQPEXT_TEST_CTL"), expression);
}

bool broker_eval(char *answer, size_t size, const char *format, ...)
{
    char command[COMMAND_SIZE];
    va_list arguments;

    va_start(arguments, format);
    write_eval(command, format, arguments);
    va_end(arguments);
    return run(command, answer, size);
}

/* What broker_eval answers, in all its lines, as comments of a test. */
__attribute__((format(printf, 1, 2))) static void show_eval(const char *format, ...)
{
    char command[COMMAND_SIZE];
    va_list arguments;

    va_start(arguments, format);
    write_eval(command, format, arguments);
    va_end(arguments);
    show(command);
}

bool broker_close_connections(void)
{
    return broker_eval(NULL, 0,
                       "[catch rabbit_networking:close_connection(P, \"closed by a test\") || "
                       "P <- rabbit_networking:connections()].");
}

bool broker_set_memory_alarm(bool on)
{
    return broker_eval(NULL, 0, "vm_memory_monitor:set_vm_memory_high_watermark(%s).",
                       on ? "0" : "0.4");
}

bool broker_delete_queue(const char *queue)
{
    return broker_eval(NULL, 0,
                       "case rabbit_amqqueue:lookup(" RESOURCE ") of "
                       "{ok, Q} -> rabbit_amqqueue:delete(Q, false, false, <<\"suite\">>); "
                       "{error, not_found} -> none end.",
                       queue);
}

bool broker_keep_queues(void)
{
    return broker_eval(NULL, 0,
                       "ok = dets:sync(maps:get(directory_rev, "
                       "maps:get(names, ra_system:fetch(quorum_queues)))).");
}

bool broker_suspend_queue(const char *queue)
{
    return broker_eval(NULL, 0,
                       "{ok, Q} = rabbit_amqqueue:lookup(" RESOURCE "), "
                       "sys:suspend(amqqueue:get_pid(Q)).",
                       queue);
}

bool broker_crash_queue(const char *queue)
{
    return broker_eval(NULL, 0,
                       "{ok, Q} = rabbit_amqqueue:lookup(" RESOURCE "), "
                       "exit(amqqueue:get_pid(Q), kill).",
                       queue);
}

/* The sum of a figure of all queues that begin so. */
static bool count(const char *prefix, const char *figure, unsigned long *sum)
{
    char answer[256];
    const char *number;

    if (!broker_eval(answer, sizeof(answer),
                     "lists:sum([M || Q <- " QUEUES_OF ", "
                     "{_, M} <- rabbit_amqqueue:info(Q, [%s])]).",
                     prefix, figure))
        return false;
    number = strpbrk(answer, "0123456789");
    if (number == NULL)
        return false;
    *sum = strtoul(number, NULL, 10);
    return true;
}

bool broker_count_messages(const char *prefix, unsigned long *sum)
{
    return count(prefix, "messages", sum);
}

bool broker_count_let_go(const char *prefix, unsigned long *sum)
{
    return count(prefix, "messages_dlx", sum);
}

void broker_show_messages(const char *prefix)
{
    show_eval("lists:flatten([io_lib:format(\"~n~s ~w\", [element(4, amqqueue:get_name(Q)), "
              "rabbit_amqqueue:info(Q, [messages, messages_ready, messages_unacknowledged, "
              "consumers] ++ [messages_dlx || amqqueue:get_type(Q) =:= rabbit_quorum_queue])]) || "
              "Q <- " QUEUES_OF "]).",
              prefix);
}

bool broker_delete_queues(const char *prefix)
{
    return broker_eval(NULL, 0,
                       "[rabbit_amqqueue:delete(Q, false, false, <<\"suite\">>) || "
                       "Q <- " QUEUES_OF "].",
                       prefix);
}
