/*
 * Gathered metrics of every kind, for the writers of pages: numbers of all sorts, labels and help
 * that need escapes, histograms classic, native and both, exemplars, a family without series.
 */
#ifndef TESTS_SPECIMEN_H
#define TESTS_SPECIMEN_H

#include "gathered.h"

extern const struct promon__gathered specimen;

#endif
