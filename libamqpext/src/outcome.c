/*
 * Outcome: from the ledger's entry to the program's structure and to an error.
 *
 * Order: fill, then fail.
 */
#include "outcome.h"

#include <string.h>

#include "error.h"

_Static_assert(offsetof(struct amqpext_outcome, reply_text) + 256 == sizeof(struct amqpext_outcome),
               "there is no hole at the end of struct amqpext_outcome");

static void copy(char *out, size_t size, const char *text)
{
    const size_t length = strlen(text);
    const size_t kept = length < size ? length : size - 1;

    memcpy(out, text, kept);
    out[kept] = '\0';
}

void amqpext__outcome_fill(const struct entry *entry, struct amqpext_outcome *out)
{
    out->size = sizeof(*out);
    out->result = (enum amqpext_result)entry->result;
    out->status = entry->status;
    out->sends = entry->sends;
    out->latency_us = entry->latency_us;
    copy(out->message_id, sizeof(out->message_id), amqpext__entry_id(entry));
    out->reply_code = 0;
    out->reply_text[0] = '\0';
    if (out->result != AMQPEXT_RETURNED && out->result != AMQPEXT_REFUSED)
        return;
    out->reply_code = entry->reply_code;
    if (entry->reply_text != NULL)
        copy(out->reply_text, sizeof(out->reply_text), entry->reply_text);
}

static const char *what_happened(const struct amqpext_outcome *outcome)
{
    switch (outcome->result) {
    case AMQPEXT_CONFIRMED: return "was confirmed";
    case AMQPEXT_RETURNED: return "was returned, since no queue takes it";
    case AMQPEXT_REFUSED: return "was refused by the broker";
    case AMQPEXT_EXPIRED:
        return outcome->sends == 0 ? "expired before it was sent" : "expired without a confirm";
    case AMQPEXT_CANCELLED:
        return outcome->status == AMQPEXT_ELIMIT ? "was dropped for newer ones" : "was cancelled";
    }
    return "has no outcome";
}

enum amqpext_status amqpext__outcome_fail(const struct amqpext_outcome *outcome,
                                          struct amqpext_error *error)
{
    if (outcome->status == AMQPEXT_OK)
        return AMQPEXT_OK;
    return amqpext__fail_reply(error, outcome->status, outcome->reply_code, "message %s %s%s%s",
                               outcome->message_id, what_happened(outcome),
                               outcome->reply_text[0] == '\0' ? "" : ": ", outcome->reply_text);
}
