/*
 * Pages as files, and programs that read them.
 */
#include "page_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define FOLDER "tests/libpromon/pages/"

static void read_all(FILE *file, struct text *out)
{
    char part[4096];
    size_t size;

    while ((size = fread(part, 1, sizeof(part), file)) > 0)
        text_bytes(out, part, size);
}

char *page_file(const char *name, size_t *size)
{
    struct text path = {0}, content = {0};
    FILE *file;

    text_string(&path, FOLDER);
    text_string(&path, name);
    file = fopen(path.data, "rbe");
    if (file == NULL)
        fail_msg("%s cannot be read", path.data);
    read_all(file, &content);
    fclose(file);
    text_free(&path);
    return text_take(&content, size);
}

void expect_page(const struct text *page, const char *name)
{
    size_t size = 0, i, line = 0;
    char *expected = page_file(name, &size);

    assert_false(page->failed);
    for (i = 0; i < size && i < page->size && page->data[i] == expected[i]; i++) {
        if (expected[i] == '\n')
            line = i + 1;
    }
    if (i != size || i != page->size)
        fail_msg("%s differs at byte %zu:\n%.*s\n---\n%.*s", name, i,
                 (int)strcspn(page->data + line, "\n"), page->data + line,
                 (int)strcspn(expected + line, "\n"), expected + line);
    free(expected);
}

int run_with_page(const char *command, const void *page, size_t size, struct text *output)
{
    char path[] = "/tmp/promon-page.XXXXXX";
    const int descriptor = mkostemp(path, O_CLOEXEC);
    struct text line = {0};
    FILE *pipe;
    int status;

    assert_true(descriptor >= 0 && write(descriptor, page, size) == (ssize_t)size);
    close(descriptor);
    text_string(&line, "exec 2>&1 <");
    text_string(&line, path);
    text_string(&line, "\n");
    text_string(&line, command);
    pipe = popen(line.data, "re");
    assert_non_null(pipe);
    if (output != NULL)
        read_all(pipe, output);
    else
        while (fgetc(pipe) != EOF)
            ;
    status = pclose(pipe);
    unlink(path);
    text_free(&line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void expect_success(const char *command, const struct text *page)
{
    struct text output = {0};
    const int status = run_with_page(command, page->data, page->size, &output);

    if (status != 0)
        fail_msg("%s: status %d: %s", command, status, output.data);
    text_free(&output);
}
