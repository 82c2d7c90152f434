#include "broker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { EXPRESSION_SIZE = 1024 };

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

bool broker_service(const char *action)
{
    char command[512];

    snprintf(command, sizeof(command), "%s service %s 2>&1", setting("AMQPEXT_TEST_CTL"), action);
    return run(command, NULL, 0);
}

bool broker_eval(char *answer, size_t size, const char *format, ...)
{
    char expression[EXPRESSION_SIZE], command[EXPRESSION_SIZE + 300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expression, sizeof(expression), format, arguments);
    va_end(arguments);
    snprintf(command, sizeof(command), "%s eval '%s' 2>&1", setting("AMQPEXT_TEST_CTL"),
             expression);
    return run(command, answer, size);
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

bool broker_crash_queue(const char *queue)
{
    return broker_eval(NULL, 0,
                       "{ok, Q} = rabbit_amqqueue:lookup(" RESOURCE "), "
                       "exit(amqqueue:get_pid(Q), kill).",
                       queue);
}

bool broker_count_messages(const char *prefix, unsigned long *count)
{
    char answer[256];
    const char *number;

    if (!broker_eval(answer, sizeof(answer),
                     "lists:sum([M || Q <- " QUEUES_OF ", "
                     "[{messages, M}] <- [rabbit_amqqueue:info(Q, [messages])]]).",
                     prefix))
        return false;
    number = strpbrk(answer, "0123456789");
    if (number == NULL)
        return false;
    *count = strtoul(number, NULL, 10);
    return true;
}

bool broker_delete_queues(const char *prefix)
{
    return broker_eval(NULL, 0,
                       "[rabbit_amqqueue:delete(Q, false, false, <<\"suite\">>) || "
                       "Q <- " QUEUES_OF "].",
                       prefix);
}
