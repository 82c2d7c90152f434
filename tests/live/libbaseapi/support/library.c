/*
 * Models and resources of the library. What a request may name is what the tables below list.
 */
#include "library.h"

MINIORM_DEFINE(author, AUTHOR_COLUMNS, "authors");
MINIORM_DEFINE(book, BOOK_COLUMNS, "books");
MINIORM_DEFINE(section, SECTION_COLUMNS, "sections");
MINIORM_DEFINE(thing, THING_COLUMNS, "things");
MINIORM_DEFINE(badge, BADGE_COLUMNS, "badges");
MINIORM_DEFINE(country, COUNTRY_COLUMNS, "countries");
MINIORM_DEFINE(stock, STOCK_COLUMNS, "stocks");

static const struct miniorm_constraint movement_constraints[] = {
    {.kind = MINIORM_CONSTRAINT_UNIQUE,
     .name = "movements_once",
     .columns = "country, number, delta"},
    {.kind = MINIORM_CONSTRAINT_FOREIGN_KEY,
     .name = "movements_stock",
     .columns = "country, number",
     .references = "stocks(country, number)",
     .on_delete = "CASCADE"},
    {.name = NULL},
};

MINIORM_DEFINE(movement, MOVEMENT_COLUMNS, "movements", .constraints = movement_constraints);

const struct miniorm_model *const library_models[] = {
    &author_model, &book_model,    &section_model, &thing_model,
    &badge_model,  &country_model, &stock_model,   &movement_model,
};
const size_t library_model_count = sizeof(library_models) / sizeof(library_models[0]);

static const struct baseapi_resource authors, books, shelf, sections, countries, stocks, movements;

static const struct baseapi_resource authors = {
    .path = "/authors",
    .model = &author_model,
    .methods = BASEAPI_CRUD,
    .filters = "id name surname",
    .sorts = "id name surname",
    .includes =
        BASEAPI_INCLUDES({"books", &books, "id=author_id"}, {"shelf", &shelf, "id=author_id"}),
};

static const struct baseapi_resource books = {
    .path = "/books",
    .model = &book_model,
    .methods = BASEAPI_CRUD,
    .filters = "id category name is_available author_id",
    .sorts = "id category name",
    .includes = BASEAPI_INCLUDES({"authors", &authors, "author_id=id"}),
};

/* Read only, with lists, operators and a page of its own. */
static const struct baseapi_resource shelf = {
    .path = "/shelf",
    .model = &book_model,
    .fields = "id name",
    .filters = "id:lt,gt,between,in name:like,ilike,eq category:null,eq,in,ne author_id:*",
    .sorts = "name",
    .default_sort = "-name",
    .page = {.limit = 2, .max = 3},
};

static const struct baseapi_resource sections = {
    .path = "/sections",
    .model = &section_model,
    .methods = BASEAPI_CRUD,
    .filters = "id name:* parent_id:eq,null",
    .sorts = "id name",
    .includes = BASEAPI_INCLUDES({"parent", &sections, "parent_id=id"},
                                 {"children", &sections, "id=parent_id"}),
};

#define THING_FILTERS                                                                        \
    "id code level:* flag tiny order big ratio score price:* exact title:* blob:null token " \
    "extra:null day:* clock seen made:*"

static const struct baseapi_resource things = {
    .path = "/things",
    .model = &thing_model,
    .methods = BASEAPI_CRUD,
    .filters = THING_FILTERS,
    .sorts = "id code price exact score made day flag token order",
};

/* The same rows, written as JavaScript and the original like them. */
static const struct baseapi_resource exports = {
    .path = "/exports",
    .model = &thing_model,
    .fields = "id big price exact seen made day",
    .format = BASEAPI_INT8_STRING | BASEAPI_NUMERIC_STRING | BASEAPI_TIMES_SECONDS,
};

static const struct baseapi_resource badges = {
    .path = "/badges",
    .model = &badge_model,
    .methods = BASEAPI_CRUD,
    .filters = "id label",
    .sorts = "label",
};

static const struct baseapi_resource countries = {
    .path = "/countries",
    .model = &country_model,
    .methods = BASEAPI_CRUD,
    .filters = "code name:*",
    .sorts = "code name",
    .includes = BASEAPI_INCLUDES({"stocks", &stocks, "code=country"}),
};

static const struct baseapi_resource stocks = {
    .path = "/stocks",
    .model = &stock_model,
    .methods = BASEAPI_CRUD,
    .filters = "country number amount",
    .sorts = "number amount",
    .includes = BASEAPI_INCLUDES({"countries", &countries, "country=code"},
                                 {"movements", &movements, "country=country number=number"}),
};

static const struct baseapi_resource movements = {
    .path = "/movements",
    .model = &movement_model,
    .methods = BASEAPI_CRUD,
    .filters = "id delta",
    .sorts = "id delta",
    .includes = BASEAPI_INCLUDES({"stocks", &stocks, "country=country number=number"}),
};

enum baseapi_status library_add(struct baseapi_app *app, struct baseapi_error *error)
{
    static const struct baseapi_resource *const all[] = {
        &authors, &books,  &shelf,     &sections, &things,
        &exports, &badges, &countries, &stocks,   &movements,
    };
    enum baseapi_status status =
        baseapi_app_route(app, "GET", "/", baseapi_list_routes, NULL, error);

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && status == BASEAPI_OK; i++)
        status = baseapi_app_add(app, all[i], error);
    return status;
}
