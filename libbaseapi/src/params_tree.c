/*
 * The tree of wishes: pairs of a query string sorted to the entities they are about.
 *
 * Order: the includes make the tree, then every other parameter finds its node; one for an entity
 * that is not included finds none and is dropped.
 * Invariant: the tree has at most BASEAPI_MAX_INCLUDES nodes below its root and
 * BASEAPI_MAX_INCLUDE_DEPTH levels of them, and every list at most BASEAPI_MAX_LIST_VALUES words.
 */
#include "params.h"

#include <string.h>
#include <strings.h>

#include "request.h"

enum list { FIELDS, SORT, RETRIEVE, N_LISTS };

/* A node while the tree grows: its public face and the ends of its lists. */
struct node {
    struct baseapi_params params;
    struct node *includes;
    struct node *next;
    struct baseapi_word *last_word[N_LISTS];
    struct baseapi_parameter *last_filter;
    struct baseapi_parameter *last_page;
};

struct builder {
    struct arena *arena;
    struct params_report *report;
    struct node *root;
    unsigned n_includes;
    unsigned n_filters;
    bool failed; /* memory ran out */
};

/* A parameter's name taken apart: "filter[a.b][gte]". */
struct name {
    struct miniorm_text base;
    struct miniorm_text path; /* in the brackets */
    struct miniorm_text op; /* in a second pair of brackets */
    bool has_path;
};

static void *take(struct builder *builder, size_t size)
{
    void *memory = arena_zeroed(builder->arena, 1, size);

    if (memory == NULL)
        builder->failed = true;
    return memory;
}

/* Cuts `rest` at the next `delimiter`: returns what stands before it. At the end `rest` is NULL. */
static struct miniorm_text cut(struct miniorm_text *rest, char delimiter)
{
    struct miniorm_text first = *rest;
    const char *end = memchr(rest->data, delimiter, rest->size);

    if (end == NULL) {
        *rest = miniorm_text_from(NULL, 0);
        return first;
    }
    first.size = (size_t)(end - first.data);
    *rest = miniorm_text_from(end + 1, rest->size - first.size - 1);
    return first;
}

static struct node *find_include(const struct node *node, struct miniorm_text name)
{
    for (struct node *child = node->includes; child != NULL; child = child->next) {
        if (baseapi__text_same(child->params.name, name))
            return child;
    }
    return NULL;
}

static struct node *add_include(struct builder *builder, struct node *node,
                                struct miniorm_text name)
{
    struct node *child = take(builder, sizeof(*child));
    struct node *last = node->includes;

    if (child == NULL)
        return NULL;
    builder->n_includes++;
    child->params.name = name;
    if (last == NULL) {
        node->includes = child;
        node->params.includes = &child->params;
        return child;
    }
    while (last->next != NULL)
        last = last->next;
    last->next = child;
    last->params.next = &child->params;
    return child;
}

static void add_path(struct builder *builder, struct miniorm_text path)
{
    struct miniorm_text rest = path;
    struct node *node = builder->root;

    for (unsigned depth = 0; rest.size != 0 && node != NULL; depth++) {
        const struct miniorm_text name = cut(&rest, '.');
        struct node *child = find_include(node, name);

        if (depth == BASEAPI_MAX_INCLUDE_DEPTH) {
            baseapi__params_fault(builder->report, builder->arena, MINIORM_S("include"),
                                  "Requested include \"%.*s\" is too deep. Maximum is %d",
                                  (int)path.size, path.data, BASEAPI_MAX_INCLUDE_DEPTH);
            return;
        }
        if (child == NULL && builder->n_includes == BASEAPI_MAX_INCLUDES) {
            baseapi__params_fault(builder->report, builder->arena, MINIORM_S("include"),
                                  "Requested includes are too many. Maximum is %d",
                                  BASEAPI_MAX_INCLUDES);
            return;
        }
        node = child != NULL ? child : add_include(builder, node, name);
    }
}

static size_t count_values(struct miniorm_text value)
{
    size_t count = 1;

    for (size_t i = 0; i < value.size; i++)
        count += value.data[i] == ',';
    return count;
}

/* Tells a list that is too long. */
static bool is_short(struct builder *builder, const struct params_pair *pair)
{
    if (count_values(pair->value) <= BASEAPI_MAX_LIST_VALUES)
        return true;
    baseapi__params_fault(builder->report, builder->arena, pair->name,
                          "Requested values are too many. Maximum is %d", BASEAPI_MAX_LIST_VALUES);
    return false;
}

static void add_includes(struct builder *builder, const struct params_pair *pair)
{
    struct miniorm_text rest = pair->value;

    if (!is_short(builder, pair))
        return;
    while (rest.data != NULL && builder->report->count == 0) {
        const struct miniorm_text path = cut(&rest, ',');

        if (path.size != 0)
            add_path(builder, path);
    }
}

/* The node of a dotted path below `node`, itself when the path is empty; NULL when something of it
 * is not included. */
static struct node *find_node(struct node *node, struct miniorm_text path)
{
    while (path.size != 0 && node != NULL)
        node = find_include(node, cut(&path, '.'));
    return node;
}

/* Splits "a.b.field" into the path "a.b" (NULL without one) and the field. */
static void split_field(struct miniorm_text whole, struct miniorm_text *path,
                        struct miniorm_text *field)
{
    const char *dot = whole.size == 0 ? NULL : memrchr(whole.data, '.', whole.size);

    *path = miniorm_text_from(NULL, 0);
    *field = whole;
    if (dot == NULL)
        return;
    *path = miniorm_text_from(whole.data, (size_t)(dot - whole.data));
    *field = miniorm_text_from(dot + 1, whole.size - path->size - 1);
}

/* The '-' of "-a.b.field" belongs to the field. */
static void move_sign(struct builder *builder, struct miniorm_text *path,
                      struct miniorm_text *field)
{
    char *moved;

    if (path->size == 0 || path->data[0] != '-')
        return;
    path->data++;
    path->size--;
    moved = arena_alloc(builder->arena, field->size + 1);
    if (moved == NULL) {
        builder->failed = true;
        return;
    }
    moved[0] = '-';
    memcpy(moved + 1, field->data, field->size);
    *field = miniorm_text_from(moved, field->size + 1);
}

static void add_word(struct builder *builder, struct node *node, enum list list,
                     struct miniorm_text text)
{
    struct baseapi_word *word = take(builder, sizeof(*word));
    const struct baseapi_word **first[N_LISTS] = {&node->params.fields, &node->params.sort,
                                                  &node->params.retrieve};

    if (word == NULL)
        return;
    word->text = text;
    if (node->last_word[list] == NULL)
        *first[list] = word;
    else
        node->last_word[list]->next = word;
    node->last_word[list] = word;
}

static void add_words(struct builder *builder, const struct params_pair *pair, enum list list,
                      const struct name *name)
{
    struct miniorm_text rest = pair->value;
    struct node *top = name->has_path ? find_node(builder->root, name->path) : builder->root;

    if (!is_short(builder, pair))
        return;
    while (rest.data != NULL && top != NULL) {
        struct miniorm_text path;
        struct miniorm_text field;
        struct node *node;

        split_field(cut(&rest, ','), &path, &field);
        move_sign(builder, &path, &field);
        node = find_node(top, path);
        if (node != NULL)
            add_word(builder, node, list, field);
    }
}

static void split_values(struct builder *builder, struct baseapi_parameter *parameter)
{
    struct baseapi_word *words;
    struct miniorm_text rest = parameter->value;

    parameter->n_values = count_values(rest);
    words = arena_zeroed(builder->arena, parameter->n_values, sizeof(*words));
    if (words == NULL) {
        builder->failed = true;
        return;
    }
    for (size_t i = 0; i < parameter->n_values; i++) {
        words[i].text = cut(&rest, ',');
        words[i].next = i + 1 < parameter->n_values ? &words[i + 1] : NULL;
    }
    parameter->values = words;
}

/* "id" with the operator "gte" of a second pair of brackets is "id__gte". */
static struct miniorm_text join_operator(struct builder *builder, struct miniorm_text field,
                                         struct miniorm_text op)
{
    const size_t size = field.size + 2 + op.size;
    char *joined;

    if (op.data == NULL)
        return field;
    joined = arena_alloc(builder->arena, size);
    if (joined == NULL) {
        builder->failed = true;
        return field;
    }
    memcpy(joined, field.data, field.size);
    memcpy(joined + field.size, "__", 2);
    memcpy(joined + field.size + 2, op.data, op.size);
    return miniorm_text_from(joined, size);
}

static struct baseapi_parameter *new_parameter(struct builder *builder,
                                               const struct params_pair *pair,
                                               const struct name *name, struct node **node)
{
    struct baseapi_parameter *parameter;
    struct miniorm_text path;
    struct miniorm_text field;

    split_field(name->path, &path, &field);
    move_sign(builder, &path, &field);
    *node = find_node(builder->root, path);
    if (*node == NULL || !is_short(builder, pair))
        return NULL;
    parameter = take(builder, sizeof(*parameter));
    if (parameter == NULL)
        return NULL;
    parameter->name = join_operator(builder, field, name->op);
    parameter->value = pair->value;
    split_values(builder, parameter);
    return parameter;
}

static void add_filter(struct builder *builder, const struct params_pair *pair,
                       const struct name *name)
{
    struct node *node;
    struct baseapi_parameter *parameter = new_parameter(builder, pair, name, &node);

    if (parameter == NULL)
        return;
    if (++builder->n_filters > BASEAPI_MAX_FILTERS) {
        if (builder->n_filters == BASEAPI_MAX_FILTERS + 1)
            baseapi__params_fault(builder->report, builder->arena, pair->name,
                                  "Requested filters are too many. Maximum is %d",
                                  BASEAPI_MAX_FILTERS);
        return;
    }
    if (node->last_filter == NULL)
        node->params.filters = parameter;
    else
        node->last_filter->next = parameter;
    node->last_filter = parameter;
}

static void add_page(struct builder *builder, const struct params_pair *pair,
                     const struct name *name)
{
    struct node *node;
    struct baseapi_parameter *parameter = new_parameter(builder, pair, name, &node);

    if (parameter == NULL)
        return;
    if (node->last_page == NULL)
        node->params.page = parameter;
    else
        node->last_page->next = parameter;
    node->last_page = parameter;
}

/* Reads "[inner]" at the front of `rest`; false when there is none or it is empty. */
static bool read_brackets(struct miniorm_text *rest, struct miniorm_text *inner)
{
    const char *end;

    if (rest->size == 0 || rest->data[0] != '[')
        return false;
    end = memchr(rest->data, ']', rest->size);
    if (end == NULL || end == rest->data + 1)
        return false;
    *inner = miniorm_text_from(rest->data + 1, (size_t)(end - rest->data) - 1);
    rest->size -= inner->size + 2;
    rest->data = end + 1;
    return true;
}

/* Takes a name apart; false when what follows its base is malformed. */
static bool read_name(struct miniorm_text whole, struct name *out)
{
    const char *bracket = memchr(whole.data, '[', whole.size);
    struct miniorm_text rest;

    memset(out, 0, sizeof(*out));
    out->base = whole;
    if (bracket == NULL)
        return true;
    out->base.size = (size_t)(bracket - whole.data);
    rest = miniorm_text_from(bracket, whole.size - out->base.size);
    out->has_path = read_brackets(&rest, &out->path);
    if (rest.size != 0 && !read_brackets(&rest, &out->op))
        return false;
    return out->has_path && rest.size == 0;
}

static bool is_known(struct miniorm_text base)
{
    static const char *const names[] = {"include", "fields", "sort", "retrieve", "filter", "page"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == base.size && strncasecmp(base.data, names[i], base.size) == 0)
            return true;
    }
    return false;
}

static void add_pair(struct builder *builder, const struct params_pair *pair)
{
    struct name name;
    const bool is_whole = read_name(pair->name, &name);
    const bool has_op = name.op.data != NULL;

    if (!is_known(name.base))
        return;
    if (is_whole && baseapi__text_is(name.base, "include") && !name.has_path)
        return;
    if (is_whole && baseapi__text_is(name.base, "fields") && !has_op)
        add_words(builder, pair, FIELDS, &name);
    else if (is_whole && baseapi__text_is(name.base, "sort") && !has_op)
        add_words(builder, pair, SORT, &name);
    else if (is_whole && baseapi__text_is(name.base, "retrieve") && !has_op)
        add_words(builder, pair, RETRIEVE, &name);
    else if (is_whole && baseapi__text_is(name.base, "filter") && name.has_path)
        add_filter(builder, pair, &name);
    else if (is_whole && baseapi__text_is(name.base, "page") && name.has_path && !has_op)
        add_page(builder, pair, &name);
    else
        /* Dropping it would answer as if nothing had been wished. */
        baseapi__params_fault(builder->report, builder->arena, pair->name,
                              "Requested parameter is not well-formed - \"%.*s\"",
                              (int)pair->name.size, pair->name.data);
}

enum baseapi_status baseapi__params_parse(struct arena *arena, const char *query,
                                          struct params_report *report,
                                          const struct baseapi_params **out)
{
    static const struct baseapi_params nothing;
    struct builder builder = {.arena = arena, .report = report};
    struct params_pairs pairs;
    enum baseapi_status status;

    if (query[0] == '\0') {
        *out = &nothing;
        return BASEAPI_OK;
    }
    status = baseapi__params_decode(arena, query, report, &pairs);
    if (status != BASEAPI_OK)
        return status;
    builder.root = take(&builder, sizeof(*builder.root));
    for (size_t i = 0; i < pairs.count && builder.root != NULL; i++) {
        if (baseapi__text_is(pairs.items[i].name, "include"))
            add_includes(&builder, &pairs.items[i]);
    }
    for (size_t i = 0; i < pairs.count && builder.root != NULL; i++)
        add_pair(&builder, &pairs.items[i]);
    if (builder.failed)
        return BASEAPI_ENOMEM;
    if (report->count != 0)
        return BASEAPI_EINVALID;
    *out = &builder.root->params;
    return BASEAPI_OK;
}

static void tell_request(void *context, const char *parameter, const char *detail)
{
    const struct baseapi_problem problem = {.code = BASEAPI_CODE_QUERY_PARAMETER,
                                            .detail = detail,
                                            .parameter = *parameter == '\0' ? NULL : parameter};

    baseapi_request_add_problem(context, &problem);
}

enum baseapi_status baseapi_request_params(struct baseapi_request *request,
                                           const struct baseapi_params **out)
{
    struct params_report report = {.tell = tell_request, .context = request};

    return baseapi__params_parse(baseapi__request_arena(request), baseapi_request_query(request),
                                 &report, out);
}
