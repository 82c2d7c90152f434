/*
 * Folders of tests.
 */
#include "temporary.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

void temporary_make(struct temporary *temporary)
{
    snprintf(temporary->folder, sizeof(temporary->folder), "/tmp/miniorm-test-XXXXXX");
    assert_non_null(mkdtemp(temporary->folder));
    snprintf(temporary->path, sizeof(temporary->path), "%s/database", temporary->folder);
    snprintf(temporary->url, sizeof(temporary->url), "sqlite:%s", temporary->path);
}

void temporary_remove(struct temporary *temporary)
{
    DIR *folder = opendir(temporary->folder);
    struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
    }
    closedir(folder);
    assert_int_equal(rmdir(temporary->folder), 0);
}
