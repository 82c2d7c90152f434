/*
 * sample: a module for tests, with a parameter of each type, that answers what it is told to.
 *
 * `verdict` is "up", "down" or "error"; "login" is up when `password` is the text of `expected`.
 * With `file`, the verdict is the word in that file. "opener" is up in the process that opened it.
 */
#include <promon/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sample {
    const struct promon_host *host;
    const struct promon_params *params;
    pid_t opener;
};

static const struct promon_param_rule rules[] = {
    {"verdict", PROMON_PARAM_STRING, PROMON_PARAM_REQUIRED, 0, 0, "what it answers", NULL},
    {"file", PROMON_PARAM_STRING, 0, 0, 0, "where the verdict is, when it is given", NULL},
    {"port", PROMON_PARAM_INTEGER, 0, 1, 65535, "a number", "7"},
    {"ratio", PROMON_PARAM_NUMBER, 0, 0, 1, "a number with a fraction", "0.5"},
    {"verify", PROMON_PARAM_BOOLEAN, 0, 0, 0, "yes or no", "true"},
    {"password", PROMON_PARAM_STRING, PROMON_PARAM_SECRET, 0, 0, "what nobody sees", NULL},
    {"expected", PROMON_PARAM_STRING, 0, 0, 0, "what the password is", NULL},
    {"tags", PROMON_PARAM_STRINGS, 0, 0, 0, "some words", NULL},
    {"codes", PROMON_PARAM_INTEGERS, 0, 100, 599, "some numbers", NULL},
    {"headers", PROMON_PARAM_MAP, 0, 0, 0, "words with names", NULL},
    {.name = NULL}};

static enum promon_status open_sample(const struct promon_host *host,
                                      const struct promon_params *params, void **context,
                                      struct promon_error *error)
{
    struct sample *sample = malloc(sizeof(*sample));

    if (sample == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    sample->host = host;
    sample->params = params;
    sample->opener = getpid();
    *context = sample;
    return PROMON_OK;
}

static enum promon_verdict answer(const struct sample *sample, const char *verdict,
                                  struct promon_result *result)
{
    const struct promon_host *host = sample->host;

    if (strcmp(verdict, "up") == 0)
        return PROMON_UP;
    if (strcmp(verdict, "opener") == 0 && sample->opener == getpid())
        return PROMON_UP;
    if (strcmp(verdict, "down") == 0)
        return host->fail(result, PROMON_REASON_STATUS, "told to be down");
    return host->fail(result, PROMON_REASON_INTERNAL, "told to fail");
}

static enum promon_verdict log_in(const struct sample *sample, struct promon_result *result)
{
    const char *password = sample->host->param_string(sample->params, "password", "");
    const char *expected = sample->host->param_string(sample->params, "expected", "");

    if (strcmp(password, expected) == 0)
        return PROMON_UP;
    return sample->host->fail(result, PROMON_REASON_AUTH, "another password");
}

static enum promon_verdict answer_of_file(const struct sample *sample, const char *path,
                                          struct promon_result *result)
{
    char word[16] = "error";
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return sample->host->fail(result, PROMON_REASON_INTERNAL, "no file");
    if (fgets(word, sizeof(word), file) != NULL)
        word[strcspn(word, "\n")] = '\0';
    fclose(file);
    return answer(sample, word, result);
}

static enum promon_verdict check(void *context, int64_t deadline_ns, struct promon_result *result)
{
    const struct sample *sample = context;
    const struct promon_host *host = sample->host;
    const char *verdict = host->param_string(sample->params, "verdict", "up");
    const char *file = host->param_string(sample->params, "file", NULL);

    (void)deadline_ns;
    host->phase(result, PROMON_PHASE_CONNECT, 2000000);
    host->value(result, "port", (double)host->param_integer(sample->params, "port", 7));
    host->certificate(result, 4102444800, 4102444800, true);
    host->note(result, "asked to be %s", verdict);
    if (file != NULL)
        return answer_of_file(sample, file, result);
    return strcmp(verdict, "login") == 0 ? log_in(sample, result) : answer(sample, verdict, result);
}

static void close_sample(void *context)
{
    free(context);
}

const struct promon_module promon_module_v1 = {.abi = PROMON_MODULE_ABI,
                                               .size = sizeof(promon_module_v1),
                                               .name = "sample",
                                               .description = "answers what it is told to",
                                               .params = rules,
                                               .open = open_sample,
                                               .check = check,
                                               .close = close_sample};
