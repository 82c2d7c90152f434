/*
 * The inside of a cell: where one series keeps its value. Counters and histograms keep it in slots
 * (slots.h), gauges and state sets in the cell.
 */
#ifndef PROMON_SRC_CELL_STATE_H
#define PROMON_SRC_CELL_STATE_H

#include <promon/cell.h>
#include <promon/metric.h>
#include <stdbool.h>
#include <stdint.h>

/* The kind of a cell that takes everything and keeps nothing. */
#define PROMON__SINK 0

/* Slots of a counter: whole amounts, and the sum of the others. */
enum { PROMON__COUNTER_WHOLE = 0, PROMON__COUNTER_REAL = 1, PROMON__COUNTER_SLOTS = 2 };

struct promon_cell {
    /* The first, as cell.h says; PROMON__NO_SLOT for other kinds, so that counting notices them. */
    uint32_t counter_slot;
    unsigned kind; /* enum promon_kind, or PROMON__SINK */
    struct promon_family *family;
    union {
        uint64_t bits; /* of a gauge the double, of a state set the states */
        uint32_t slot; /* of a histogram with classic buckets: counts and the sum */
    };
};

/* Nothing is ever written to it. */
struct promon_cell *promon__sink_cell(void);

/* Counts a wrong use; not one of a sink. */
void promon__cell_misuse(const struct promon_cell *cell);

/* As the public functions; the cell is not NULL. */
void promon__cell_add(struct promon_cell *cell, double amount);
void promon__cell_set(struct promon_cell *cell, double value);
void promon__cell_observe(struct promon_cell *cell, double value);

/*
 * For callers that are in a section: false when nothing was done, because a native bucket is new
 * and that takes a lock.
 */
bool promon__cell_try_observe(struct promon_cell *cell, double value);

#endif
