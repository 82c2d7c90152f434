/*
 * Counts the open descriptors of every test program before main() and after the last exit handler,
 * and ends a program that leaves more open than it found with a status of its own.
 */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

/* Neither a number of failed tests that cmocka returns nor a status of the sanitizers. */
enum { LEAKED_STATUS = 99 };

static unsigned long at_start;

static unsigned long open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned long count = 0;

    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void list_descriptors(void)
{
    char path[64], target[256];
    int descriptor;

    for (descriptor = 0; descriptor < 1024; descriptor++) {
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
        length = readlink(path, target, sizeof(target) - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        fprintf(stderr, "# descriptor %d is open at exit: %s\n", descriptor, target);
    }
}

__attribute__((constructor)) static void count_at_start(void)
{
    at_start = open_descriptors();
}

__attribute__((destructor)) static void compare_at_end(void)
{
    if (open_descriptors() <= at_start)
        return;
    list_descriptors();
    fflush(stderr);
    _exit(LEAKED_STATUS);
}
