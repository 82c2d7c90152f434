/*
 * The queue of the benchmark, seen to by the runner between two programs.
 *
 * usage: queue fresh URL    deletes it with its messages and makes it anew
 *        queue count URL    prints how many messages wait in it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "raw.h"

static bool make_fresh(amqp_connection_state_t state)
{
    amqp_queue_delete(state, RAW_CHANNEL, amqp_cstring_bytes(JOB_QUEUE), false, false);
    return raw_succeeded(state, "deleting the queue") && raw_declare(state);
}

static bool count(amqp_connection_state_t state)
{
    const amqp_queue_declare_ok_t *answer =
        amqp_queue_declare(state, RAW_CHANNEL, amqp_cstring_bytes(JOB_QUEUE), true, true, false,
                           false, amqp_empty_table);

    if (!raw_succeeded(state, "looking at the queue"))
        return false;
    printf("%lu\n", (unsigned long)answer->message_count);
    return true;
}

int main(int argc, char **argv)
{
    amqp_connection_state_t state;
    bool is_well;

    if (argc != 3 || (strcmp(argv[1], "fresh") != 0 && strcmp(argv[1], "count") != 0)) {
        fprintf(stderr, "usage: %s fresh|count URL\n", argv[0]);
        return EXIT_FAILURE;
    }
    state = raw_connect(argv[2]);
    if (state == NULL)
        return EXIT_FAILURE;
    is_well = strcmp(argv[1], "fresh") == 0 ? make_fresh(state) : count(state);
    return is_well && raw_close(state) ? EXIT_SUCCESS : EXIT_FAILURE;
}
