/*
 * Text: a growing string with a sticky failure flag.
 *
 * Order: any writes, then a look at `failed`, then text_take or text_free.
 * Invariant: while data is not NULL, size <= capacity and data[size] is NUL after each write of
 * this file.
 */
#include "text.h"

#include <stdlib.h>

#define FIRST_CAPACITY ((size_t)255)
/* Digits of the largest 64-bit number. */
#define NUMBER_SIZE 20

static bool grow(struct text *text, size_t size)
{
    size_t capacity = text->capacity == 0 ? FIRST_CAPACITY : text->capacity * 2 + 1;
    char *data;

    if (size > SIZE_MAX / 4 || text->size > SIZE_MAX / 4)
        return false;
    if (capacity < text->size + size)
        capacity = text->size + size;
    data = realloc(text->data, capacity + 1);
    if (data == NULL)
        return false;
    text->data = data;
    text->capacity = capacity;
    return true;
}

char *text_reserve(struct text *text, size_t size)
{
    if (text->failed)
        return NULL;
    if (text->data == NULL || size > text->capacity - text->size) {
        if (!grow(text, size)) {
            text->failed = true;
            return NULL;
        }
    }
    return text->data + text->size;
}

void text_bytes(struct text *text, const void *data, size_t size)
{
    char *end = text_reserve(text, size);

    if (end == NULL)
        return;
    if (size != 0)
        memcpy(end, data, size);
    end[size] = '\0';
    text->size += size;
}

void text_string(struct text *text, const char *string)
{
    text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
    char *end = text_reserve(text, 1);

    if (end == NULL)
        return;
    end[0] = c;
    end[1] = '\0';
    text->size++;
}

void text_unsigned(struct text *text, uint64_t number)
{
    char digits[NUMBER_SIZE];
    char *start = digits + NUMBER_SIZE;

    do {
        *--start = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    text_bytes(text, start, (size_t)(digits + NUMBER_SIZE - start));
}

void text_integer(struct text *text, int64_t number)
{
    if (number < 0)
        text_char(text, '-');
    text_unsigned(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

char *text_take(struct text *text, size_t *size)
{
    char *data;

    if (text->data == NULL)
        text_bytes(text, "", 0);
    data = text->failed ? NULL : text->data;
    if (data == NULL)
        free(text->data);
    else if (size != NULL)
        *size = text->size;
    memset(text, 0, sizeof(*text));
    return data;
}

void text_free(struct text *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}
