/*
 * Runs a fuzz target without a fuzzer: every file of its folder of inputs, then inputs made from them by
 * random changes, always the same ones.
 *
 * usage: PROGRAM FOLDER [CHANGES]
 * A target that finds a fault ends the program; otherwise one test is reported.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer inputs do not reach more in targets that read texts and messages. */
#define INPUT_SIZE 4096
#define INPUTS_MAX 1000
#define DEFAULT_CHANGES 200000

struct input {
    uint8_t data[INPUT_SIZE];
    size_t size;
};

static struct input *inputs;
static size_t n_inputs;
static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void read_input(const char *folder, const char *name)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL || n_inputs == INPUTS_MAX)
        return;
    inputs[n_inputs].size = fread(inputs[n_inputs].data, 1, INPUT_SIZE, file);
    n_inputs++;
    fclose(file);
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static void read_inputs(const char *folder)
{
    struct dirent **names;
    const int n_names = scandir(folder, &names, NULL, by_name);
    int i;

    for (i = 0; i < n_names; i++) {
        if (names[i]->d_name[0] != '.')
            read_input(folder, names[i]->d_name);
        free(names[i]);
    }
    if (n_names >= 0)
        free(names);
}

static void change(struct input *input)
{
    static const uint8_t likely[] = "0019-+:.eETZ \"'$(){}[]\\/*%,\0\xff\x80\x7f";
    const size_t at = input->size == 0 ? 0 : (size_t)(next_random() % input->size);
    const uint8_t byte =
        next_random() % 2 == 0 ? likely[next_random() % sizeof(likely)] : (uint8_t)next_random();

    switch (next_random() % 4) {
    case 0:
        if (input->size != 0)
            input->data[at] = byte;
        break;
    case 1:
        if (input->size < INPUT_SIZE) {
            memmove(input->data + at + 1, input->data + at, input->size - at);
            input->data[at] = byte;
            input->size++;
        }
        break;
    case 2: input->size = at; break;
    default:
        if (input->size != 0) {
            memmove(input->data + at, input->data + at + 1, input->size - at - 1);
            input->size--;
        }
    }
}

/* A copy of exactly the input's size, so that the sanitizers see a read beyond its end. */
static void run(const struct input *input)
{
    uint8_t *copy = malloc(input->size == 0 ? 1 : input->size);

    if (copy == NULL)
        exit(2);
    memcpy(copy, input->data, input->size);
    LLVMFuzzerTestOneInput(copy, input->size);
    free(copy);
}

static void run_changed(unsigned long count)
{
    for (; count > 0; count--) {
        struct input input = inputs[next_random() % n_inputs];
        uint64_t changes = next_random() % 8 + 1;

        while (changes-- > 0)
            change(&input);
        run(&input);
    }
}

int main(int argc, char **argv)
{
    const unsigned long changes = argc > 2 ? strtoul(argv[2], NULL, 10) : DEFAULT_CHANGES;
    const char *folder = argc > 1 ? argv[1] : FOLDER;
    size_t i;

    inputs = calloc(INPUTS_MAX, sizeof(*inputs));
    if (inputs == NULL)
        return 2;
    read_inputs(folder);
    printf("1..1\n");
    if (n_inputs == 0) {
        printf("not ok 1 - there are no inputs in %s\n", folder);
        return 1;
    }
    for (i = 0; i < n_inputs; i++)
        run(&inputs[i]);
    run_changed(changes);
    printf("ok 1 - bears the inputs of %s and changes of them\n", folder);
    free(inputs);
    return 0;
}
