/*
 * Tables of the models that the tests share.
 */
#include "shop.h"

MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");
MINIORM_DEFINE(stock, STOCK_COLUMNS, "stock");
