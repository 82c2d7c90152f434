/*
 * The status page: for people, in one file.
 */
#ifndef PROMON_SRC_STATUS_PAGE_H
#define PROMON_SRC_STATUS_PAGE_H

#include "respond.h"

enum promon_status promon__status_page(const struct promon__asked *asked, struct promon_page *page,
                                       struct promon_error *error);

#endif
