#include "book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"

enum { SHOWN_MAX = 10, NUMBER_SIZE = 8 };

void book_open(struct book *book, uint64_t seed, size_t capacity)
{
    *book = (struct book){.seed = seed, .capacity = capacity};
    book->entries = calloc(capacity, sizeof(*book->entries));
    if (book->entries == NULL)
        abort();
}

void book_close(struct book *book)
{
    free(book->entries);
}

bool book_take(struct book *book, size_t *number)
{
    *number = atomic_fetch_add(&book->published, 1);
    if (*number < book->capacity) {
        atomic_fetch_add(&book->accepted, 1);
        return true;
    }
    atomic_fetch_sub(&book->published, 1);
    return false;
}

/* Two outcomes at once can only be told apart from one by the count, so that this is no outcome. */
void book_drop(struct book *book, size_t number)
{
    atomic_store(&book->entries[number].is_excused, true);
    atomic_store(&book->entries[number].result, UINT8_MAX);
    atomic_fetch_sub(&book->accepted, 1);
}

/* Mostly small; some take several frames. */
static size_t size_of(const struct book *book, size_t number)
{
    struct chance chance = {chance_mix(book->seed ^ number)};
    const unsigned kind = chance_below(&chance, 1000);

    if (kind == 0)
        return chance_between(&chance, 131000, BOOK_BODY_MAX);
    return NUMBER_SIZE + chance_below(&chance, kind < 100 ? 4000 : 200);
}

size_t book_body(const struct book *book, size_t number, char *body)
{
    const size_t size = size_of(book, number);
    const uint64_t written = number;

    memcpy(body, &written, NUMBER_SIZE);
    memset(body + NUMBER_SIZE, (int)('a' + number % 26), size - NUMBER_SIZE);
    return size;
}

bool book_is_poisoned(size_t number)
{
    return number % BOOK_POISON == BOOK_POISON / 2;
}

void book_outcome(struct book *book, size_t number, const struct amqpext_outcome *outcome)
{
    struct book_entry *entry = &book->entries[number];

    if ((outcome->result == AMQPEXT_CONFIRMED) != (outcome->status == AMQPEXT_OK) ||
        outcome->result < AMQPEXT_CONFIRMED || outcome->result > AMQPEXT_CANCELLED ||
        (outcome->result == AMQPEXT_CONFIRMED && outcome->sends == 0))
        atomic_fetch_add(&book->spoiled, 1);
    else
        atomic_store(&entry->result, (uint8_t)outcome->result);
    atomic_fetch_add(&entry->outcomes, 1);
}

static bool is_filled(const char *data, size_t size, char byte)
{
    return size == 0 || (data[0] == byte && memcmp(data, data + 1, size - 1) == 0);
}

bool book_number(struct book *book, const void *body, size_t size, size_t *number)
{
    uint64_t written = UINT64_MAX;

    if (size >= NUMBER_SIZE)
        memcpy(&written, body, NUMBER_SIZE);
    if (written < atomic_load(&book->published) && size == size_of(book, (size_t)written) &&
        is_filled((const char *)body + NUMBER_SIZE, size - NUMBER_SIZE,
                  (char)('a' + written % 26))) {
        *number = (size_t)written;
        return true;
    }
    atomic_fetch_add(&book->spoiled, 1);
    return false;
}

unsigned book_delivered(struct book *book, size_t number)
{
    if (atomic_load(&book->entries[number].successes) != 0)
        atomic_fetch_add(&book->duplicates, 1);
    return atomic_fetch_add(&book->entries[number].deliveries, 1);
}

void book_failed(struct book *book, size_t number)
{
    atomic_fetch_add(&book->entries[number].failures, 1);
}

void book_succeeded(struct book *book, size_t number)
{
    atomic_fetch_add(&book->entries[number].successes, 1);
}

void book_buried(struct book *book, size_t number)
{
    atomic_fetch_add(&book->entries[number].burials, 1);
}

static bool is_finished(const struct book_entry *entry, size_t number)
{
    return book_is_poisoned(number) ? atomic_load(&entry->burials) != 0
                                    : atomic_load(&entry->successes) != 0;
}

void book_crashed(struct book *book)
{
    const size_t n = atomic_load(&book->published);
    size_t i;

    for (i = 0; i < n && i < book->capacity; i++) {
        if (!is_finished(&book->entries[i], i) &&
            atomic_load(&book->entries[i].result) != AMQPEXT_CONFIRMED)
            atomic_store(&book->entries[i].may_be_gone, true);
    }
}

void book_excuse(struct book *book)
{
    const size_t n = atomic_load(&book->published);
    size_t i;

    for (i = 0; i < n && i < book->capacity; i++) {
        if (!is_finished(&book->entries[i], i))
            atomic_store(&book->entries[i].is_excused, true);
    }
}

/* Whether a message should be handled to its end and was not. */
static bool is_missed(const struct book_entry *entry, size_t number)
{
    if (is_finished(entry, number))
        return false;
    return atomic_load(&entry->result) == AMQPEXT_CONFIRMED ||
           (atomic_load(&entry->deliveries) != 0 && !atomic_load(&entry->may_be_gone));
}

static bool is_open(const struct book_entry *entry, size_t number)
{
    return !atomic_load(&entry->is_excused) && is_missed(entry, number);
}

static size_t count_open(struct book *book, bool counts_undecided)
{
    const size_t n = atomic_load(&book->published);
    size_t i, count = 0;

    for (i = 0; i < n && i < book->capacity; i++) {
        const struct book_entry *entry = &book->entries[i];

        count += is_open(entry, i) || (counts_undecided && atomic_load(&entry->outcomes) == 0 &&
                                       atomic_load(&entry->result) == 0);
    }
    return count;
}

size_t book_open_count(struct book *book)
{
    return count_open(book, false);
}

size_t book_busy_count(struct book *book)
{
    return count_open(book, true);
}

static void show(const struct book_entry *entry, size_t number, const char *why)
{
    printf("# message %zu %s: outcomes %u, result %u, deliveries %u, failures %u, successes %u, "
           "burials %u%s%s\n",
           number, why, entry->outcomes, entry->result, entry->deliveries, entry->failures,
           entry->successes, entry->burials, book_is_poisoned(number) ? ", poisoned" : "",
           entry->is_excused ? ", excused" : "");
}

static void add(struct book_totals *totals, const struct book_entry *entry, size_t number)
{
    const bool was_accepted = entry->result != UINT8_MAX;
    const char *why = NULL;

    if (entry->result <= AMQPEXT_CANCELLED)
        totals->results[entry->result]++;
    totals->deliveries += entry->deliveries;
    totals->failures += entry->failures;
    totals->buried += entry->burials != 0;
    totals->excused += was_accepted && entry->is_excused && is_missed(entry, number);
    if (was_accepted && entry->outcomes == 0) {
        totals->without_outcome++;
        why = "has no outcome";
    } else if (entry->outcomes > was_accepted) {
        totals->with_two_outcomes++;
        why = "has too many outcomes";
    } else if (is_open(entry, number)) {
        totals->lost++;
        why = "is lost";
    }
    if (why != NULL &&
        totals->without_outcome + totals->with_two_outcomes + totals->lost < SHOWN_MAX)
        show(entry, number, why);
}

void book_judge(struct book *book, struct book_totals *totals)
{
    size_t i;

    *totals = (struct book_totals){.published = atomic_load(&book->published),
                                   .accepted = atomic_load(&book->accepted),
                                   .duplicates = atomic_load(&book->duplicates),
                                   .spoiled = atomic_load(&book->spoiled)};
    for (i = 0; i < totals->published; i++)
        add(totals, &book->entries[i], i);
}
