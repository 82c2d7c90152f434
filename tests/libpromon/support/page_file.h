/*
 * Pages as files: what is expected, in tests/libpromon/pages, and what outside checkers read.
 */
#ifndef TESTS_PAGE_FILE_H
#define TESTS_PAGE_FILE_H

#include "text.h"

/* A file below tests/libpromon/pages, whole and NUL-terminated; freed by the caller. */
char *page_file(const char *name, size_t *size);

/* Fails the test unless the page is that file; shows the first line that differs. */
void expect_page(const struct text *page, const char *name);

/*
 * Runs a command of the shell with the page as its standard input. Returns its exit status; what it
 * wrote to both outputs is in `output`, which may be NULL.
 */
int run_with_page(const char *command, const void *page, size_t size, struct text *output);

/* Fails the test if the command ends with another status than 0. */
void expect_success(const char *command, const struct text *page);

#endif
