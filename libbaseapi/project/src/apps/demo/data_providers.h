/*
 * Data providers of the app "demo". Views without one use baseapi_model_provider, the table of
 * their model; a provider of one's own serves what is not a table.
 */
#ifndef APPS_DEMO_DATA_PROVIDERS_H
#define APPS_DEMO_DATA_PROVIDERS_H

#include <baseapi/provider.h>

/* Categories of the books and how many books each has. */
extern const struct baseapi_provider categories_provider;

#endif
