/*
 * promon: runs a configuration as an exporter, checks one, runs one probe, and tells about modules.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "promon_commands.h"

static int command_help(const struct arguments *arguments);
static int command_version(const struct arguments *arguments);

enum switches { OPTION_MODULES = 1, OPTION_LISTEN = 2, OPTION_VERBOSE = 4 };

static const struct command {
    const char *name, *words, *help;
    int least, most; /* words behind it */
    unsigned options; /* of enum switches */
    int (*run)(const struct arguments *arguments);
} commands[] = {
    {"run", "CONFIG", "probe, serve and push until SIGTERM; SIGHUP reads CONFIG again", 1, 1,
     OPTION_MODULES | OPTION_LISTEN | OPTION_VERBOSE, command_run},
    {"check", "CONFIG", "tell whether CONFIG is right, without any connection", 1, 1,
     OPTION_MODULES | OPTION_VERBOSE, command_check},
    {"probe", "CONFIG NAME", "run one probe now: 0 up, 1 down, 2 the probe itself failed", 2, 2,
     OPTION_MODULES | OPTION_VERBOSE, command_probe},
    {"modules", "[NAME]", "list the kinds of probes, or the parameters of one", 0, 1,
     OPTION_MODULES, command_modules},
    {"version", "", "tell the version", 0, 0, 0, command_version},
    {"help", "", "tell this", 0, 0, 0, command_help},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct option_row {
    const char *word, *help;
} option_rows[] = {
    {"-l, --listen ADDRESS:PORT", "where to answer, when CONFIG does not say it;"
                                  " default 127.0.0.1:9464"},
    {"-m, --modules FOLDER", "where modules are, when CONFIG does not say it"},
    {"-v, --verbose", "tell more"},
    {"-h, --help", "tell this"},
};

static const struct option long_options[] = {{"listen", required_argument, NULL, 'l'},
                                             {"modules", required_argument, NULL, 'm'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

void complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("promon: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static int command_help(const struct arguments *arguments)
{
    size_t i;

    (void)arguments;
    puts("Usage: promon COMMAND [OPTION…] [WORD…]\n\nCommands:");
    for (i = 0; i < COMMANDS; i++)
        printf("  %-8s%-13s%s\n", commands[i].name, commands[i].words, commands[i].help);
    puts("\nOptions:");
    for (i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++)
        printf("  %-27s%s\n", option_rows[i].word, option_rows[i].help);
    return EXIT_UP;
}

static int command_version(const struct arguments *arguments)
{
    (void)arguments;
    printf("promon %s\n", promon_version());
    return EXIT_UP;
}

static const struct command *find_command(const char *name)
{
    size_t i;

    for (i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int usage(const struct command *command)
{
    if (command == NULL)
        complain("`promon help` tells what there is");
    else
        complain("usage: promon %s%s%s%s", command->name, command->options == 0 ? "" : " [OPTION…]",
                 command->words[0] == '\0' ? "" : " ", command->words);
    return EXIT_USAGE;
}

/* Whether the command takes it. */
static bool take_option(const struct command *command, int option, struct arguments *out)
{
    switch (option) {
    case 'l': out->listen = optarg; return (command->options & OPTION_LISTEN) != 0;
    case 'm': out->modules = optarg; return (command->options & OPTION_MODULES) != 0;
    case 'h': out->wants_help = true; return true;
    case 'v': out->is_verbose = true; return (command->options & OPTION_VERBOSE) != 0;
    default: return false;
    }
}

static bool take_options(const struct command *command, int count, char **words,
                         struct arguments *out)
{
    int option;

    opterr = 0;
    while ((option = getopt_long(count, words, "hl:m:v", long_options, NULL)) != -1) {
        if (option == '?')
            complain("%s: %s: no such option, or its value is missing", command->name,
                     words[optind - 1]);
        else if (!take_option(command, option, out))
            complain("%s does not take -%c", command->name, option);
        else
            continue;
        return false;
    }
    return true;
}

/* `words` begins with the command. */
static int run_command(const struct command *command, int count, char **words)
{
    struct arguments arguments = {.command = command->name};
    int i;

    if (!take_options(command, count, words, &arguments))
        return usage(command);
    if (arguments.wants_help)
        return command_help(&arguments);
    if (count - optind < command->least || count - optind > command->most) {
        complain("%s takes %s", command->name, command->most == 0 ? "nothing" : command->words);
        return usage(command);
    }
    for (i = 0; i < count - optind; i++)
        arguments.words[i] = words[optind + i];
    return command->run(&arguments);
}

static const char *spelled(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return "help";
    return strcmp(word, "--version") == 0 ? "version" : word;
}

int main(int count, char **words)
{
    const struct command *command = count < 2 ? NULL : find_command(spelled(words[1]));
    int status;

    if (command == NULL) {
        if (count >= 2)
            complain("%s: no such command", words[1]);
        return usage(NULL);
    }
    status = run_command(command, count - 1, words + 1);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        complain("cannot write to the standard output");
        return EXIT_UNKNOWN;
    }
    return status;
}
