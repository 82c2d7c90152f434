/*
 * Views of the app "demo": what clients may see, ask for and change.
 */
#ifndef APPS_DEMO_VIEWS_H
#define APPS_DEMO_VIEWS_H

#include <baseapi/resource.h>

extern const struct baseapi_resource authors_view;
extern const struct baseapi_resource books_view;
extern const struct baseapi_resource categories_view;

#endif
