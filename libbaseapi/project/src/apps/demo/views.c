/*
 * Views of the app "demo". What is not listed here a client can neither see nor use; the words are
 * checked against the models when the service starts.
 */
#include "apps/demo/views.h"

#include "apps/demo/data_providers.h"
#include "apps/demo/models.h"

const struct baseapi_resource authors_view = {
    .path = "/authors",
    .model = &author_model,
    .methods = BASEAPI_CRUD,
    .fields = "id name surname",
    .filters = "id name surname",
    .sorts = "id name surname",
    .includes = BASEAPI_INCLUDES({"books", &books_view, "id=author_id"}),
};

const struct baseapi_resource books_view = {
    .path = "/books",
    .model = &book_model,
    .methods = BASEAPI_CRUD,
    .fields = "id category name is_available author_id",
    .filters = "id category name is_available author_id",
    .sorts = "id category name",
    .includes = BASEAPI_INCLUDES({"authors", &authors_view, "author_id=id"}),
};

const struct baseapi_resource categories_view = {
    .path = "/categories",
    .model = &category_model,
    .methods = BASEAPI_LIST,
    .provider = &categories_provider,
};
