/*
 * Answers of name servers: no bytes lead the reader astray, and what it took from them is text of
 * one line within its room. The first byte chooses the type; the header and the question are made
 * to fit, for otherwise all would be foreign.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/probe_dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    size_t size = strnlen(text, PROMON__DNS_TEXT_BYTES), i;

    if (size == PROMON__DNS_TEXT_BYTES)
        abort();
    for (i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > 126)
            abort();
}

static void read_it(const uint8_t *data, size_t size, const uint8_t *query, size_t query_size)
{
    static struct promon__dns_answer answer;
    size_t i;

    if (promon__dns_read(data, size, query, query_size, &answer) != PROMON__DNS_ANSWER)
        return;
    if (answer.count > PROMON__DNS_RECORDS)
        abort();
    for (i = 0; i < answer.count; i++)
        check_text(answer.records[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t types[] = {1, 2, 5, 6, 12, 15, 16, 28, 33};
    uint8_t query[PROMON__DNS_QUERY_BYTES];
    uint8_t *message;
    size_t query_size;

    if (size < 2)
        return 0;
    query_size = promon__dns_query(0x1234, "www.example",
                                   types[data[0] % (sizeof(types) / sizeof(types[0]))], query);
    read_it(data + 1, size - 1, query, query_size);
    message = malloc(query_size + size);
    if (message == NULL)
        return 0;
    memcpy(message, query, query_size);
    memcpy(message + query_size, data + 2, size - 2);
    message[2] = 0x81;
    message[7] = data[1];
    read_it(message, query_size + size - 2, query, query_size);
    free(message);
    return 0;
}
