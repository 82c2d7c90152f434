/*
 * Steps of a plan: how one is written, which method answers it, and how it is called in an error.
 */
#ifndef AMQPEXT_SRC_PLAN_STEP_H
#define AMQPEXT_SRC_PLAN_STEP_H

#include "plan.h"
#include "protocol/method.h"
#include "text.h"

/*
 * Errors:  AMQPEXT_ETOOLARGE  its arguments do not fit into a frame.
 *          AMQPEXT_EINVALID   a binding without destination.
 *          AMQPEXT_ENOMEM
 */
enum amqpext_status amqpext__step_send(const struct step *step, uint32_t frame_max,
                                       struct text *out, struct amqpext_error *error);

enum method_kind amqpext__step_answer(const struct step *step);

enum { STEP_TEXT_SIZE = 256 };

/* Writes what the step does, such as "declare queue 'orders'"; long names are cut. */
void amqpext__step_describe(const struct step *step, char *out, size_t size);

/*
 * The arguments of a queue with its members merged in; free with amqpext_table_free. Errors:
 * AMQPEXT_ENOMEM and those of amqpext_table_set.
 */
enum amqpext_status amqpext__queue_arguments(const struct amqpext_queue *queue,
                                             struct amqpext_table **out,
                                             struct amqpext_error *error);

#endif
