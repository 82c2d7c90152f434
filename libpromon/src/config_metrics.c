/*
 * Metrics: each item of the list becomes the options of a probe, these a plan.
 *
 * Invariant: a plan's fingerprint covers all that the item says, the content of secrets included.
 */
#include "config_metrics.h"

#include <promon/config.h>
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "error.h"
#include "monitor.h"
#include "secrets.h"

enum { DEFAULT_INTERVAL_MS = 60000, DEFAULT_TIMEOUT_MS = 10000, MAX_IN_A_ROW = 1000 };

struct metric {
    char *name, *description, *module;
    json_t *params, *groups;
    int64_t interval_ms, timeout_ms, retry_interval_ms;
    unsigned fail_after, ok_after;
    bool wait_first;
};

#define KEY(key, as, to) \
    .name = (key), .kind = PROMON__KEY_##as, .offset = offsetof(struct metric, to)

/* The original's "sleep_time" is the interval: from one start of a check to the next. */
static const struct promon__key keys[] = {
    {KEY("name", TEXT, name), .is_required = true},
    {KEY("description", TEXT, description)},
    {KEY("module", TEXT, module), .is_required = true},
    {KEY("params", OBJECT, params)},
    {KEY("sleep_time", SECONDS, interval_ms), .minimum = 0.01},
    {KEY("interval", SECONDS, interval_ms), .minimum = 0.01},
    {KEY("timeout", SECONDS, timeout_ms), .minimum = 0.001},
    {KEY("retry_interval", SECONDS, retry_interval_ms), .minimum = 0.01},
    {KEY("fail_after", COUNT, fail_after), .minimum = 1, .maximum = MAX_IN_A_ROW},
    {KEY("ok_after", COUNT, ok_after), .minimum = 1, .maximum = MAX_IN_A_ROW},
    {KEY("groups", LIST, groups)},
    {KEY("wait_first", SWITCH, wait_first)},
    {.name = NULL}};

/* The classes of aiohttp_prometheus_monitoring and the modules of the same kind. */
static const struct original {
    const char *class, *module;
} originals[] = {
    {"aiohttp_prometheus_monitoring.metrics.http.HttpMetric", "http"},
    {"aiohttp_prometheus_monitoring.metrics.redis.RedisMetric", "redis"},
    {"aiohttp_prometheus_monitoring.metrics.amqp.AmqpMetric", "amqp"},
    {"aiohttp_prometheus_monitoring.metrics.postgres.PostgresMetric", "postgres"},
    {"aiohttp_prometheus_monitoring.metrics.mysql.MySQLMetric", "mysql"},
};

/* The list while it is read. */
struct reader {
    struct promon *promon;
    const struct promon__fingerprint_key *key;
    struct promon__reading reading;
    struct promon__place list;
    json_t *names; /* of the items before, each with its index */
};

/* One item of it. */
struct item {
    const struct reader *reader;
    struct promon__place place;
    json_t *json;
    struct metric metric;
    struct promon_error *error;
};

static enum promon_status wrong(const struct item *item, const char *key, const char *reason)
{
    const struct promon__place place = {&item->place, key, 0};

    return promon__wrong(&place, item->error, "%s", reason);
}

static const char *module_of(const struct metric *metric)
{
    size_t i;

    for (i = 0; i < sizeof(originals) / sizeof(originals[0]); i++) {
        if (strcmp(originals[i].class, metric->module) == 0)
            return originals[i].module;
    }
    return metric->module;
}

static enum promon_status check_name(struct item *item)
{
    const struct promon__place place = {&item->place, "name", 0};
    const char *name = item->metric.name;
    const json_t *before = json_object_get(item->reader->names, name);

    if (before != NULL)
        return promon__wrong(&place, item->error, "metrics[%d] has the name \"%s\" already",
                             (int)json_integer_value(before), name);
    if (json_object_set_new(item->reader->names, name,
                            json_integer((json_int_t)item->place.index)) != 0)
        return promon__fail_memory(item->error);
    return PROMON_OK;
}

static enum promon_status check_times(struct item *item)
{
    struct metric *metric = &item->metric;

    if (json_object_get(item->json, "sleep_time") != NULL &&
        json_object_get(item->json, "interval") != NULL)
        return wrong(item, "interval", "another name of sleep_time: give one of them");
    if (metric->interval_ms == 0)
        metric->interval_ms = DEFAULT_INTERVAL_MS;
    if (metric->timeout_ms == 0)
        metric->timeout_ms =
            metric->interval_ms < DEFAULT_TIMEOUT_MS ? metric->interval_ms : DEFAULT_TIMEOUT_MS;
    if (metric->timeout_ms > metric->interval_ms)
        return wrong(item, "timeout", "longer than sleep_time: a check must end before the next");
    if (metric->retry_interval_ms > metric->interval_ms)
        return wrong(item, "retry_interval", "longer than sleep_time");
    return PROMON_OK;
}

static enum promon_status take_group(const struct promon__place *place, const json_t *value,
                                     const char **out, struct promon_error *error)
{
    if (!json_is_string(value))
        return promon__keys_expected("a string", value, place, error);
    *out = json_string_value(value);
    return PROMON_OK;
}

/* *out is an array of texts of the item, freed by the caller. */
static enum promon_status take_groups(const struct item *item, const char ***out)
{
    const struct promon__place list = {&item->place, "groups", 0};
    const size_t count = json_array_size(item->metric.groups);
    const char **groups = calloc(count + 1, sizeof(*groups));
    enum promon_status status = PROMON_OK;
    size_t i;

    if (groups == NULL)
        return promon__fail_memory(item->error);
    for (i = 0; i < count && status == PROMON_OK; i++) {
        const struct promon__place place = {&list, NULL, i};

        status =
            take_group(&place, json_array_get(item->metric.groups, i), &groups[i], item->error);
    }
    if (status == PROMON_OK)
        *out = groups;
    else
        free(groups);
    return status;
}

/* The text of the parameters, secrets in their places; NULL for none. */
static enum promon_status take_params(const struct item *item, char **out)
{
    const struct promon__place module_place = {&item->place, "module", 0};
    struct promon_error inner = PROMON_ERROR_INIT;
    const struct promon_module *module;

    if (promon__module_find(item->reader->promon->settings.modules, module_of(&item->metric),
                            &module, &inner) != PROMON_OK)
        return promon__wrong_below(&module_place, &inner, item->error);
    if (item->metric.params == NULL)
        return PROMON_OK;
    if (promon__secrets_resolve(item->metric.params, module->params, item->reader->reading.folder,
                                &inner) != PROMON_OK)
        return promon__wrong_below(&item->place, &inner, item->error);
    *out = json_dumps(item->metric.params, JSON_COMPACT);
    return *out == NULL ? promon__fail_memory(item->error) : PROMON_OK;
}

static enum promon_status make_plan(const struct item *item, const char *params,
                                    const char *const *groups, struct promon__plan **out)
{
    const struct metric *metric = &item->metric;
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_error inner = PROMON_ERROR_INIT;

    options.name = metric->name;
    options.description = metric->description;
    options.module = module_of(metric);
    options.params_json = params;
    options.interval_ms = metric->interval_ms;
    options.timeout_ms = metric->timeout_ms;
    options.retry_interval_ms = metric->retry_interval_ms;
    options.fail_after = metric->fail_after;
    options.ok_after = metric->ok_after;
    options.groups = groups;
    options.wait_first = metric->wait_first;
    if (promon__plan_new(item->reader->promon, &options, out, &inner) == PROMON_OK)
        return PROMON_OK;
    return promon__wrong_below(&item->place, &inner, item->error);
}

/* On failure *out may be there nevertheless, and is freed by the caller. */
static enum promon_status plan_item(const struct item *item, struct promon__plan **out)
{
    struct promon__fingerprint fingerprint;
    const char **groups = NULL;
    char *params = NULL;
    enum promon_status status = take_groups(item, &groups);

    if (status == PROMON_OK)
        status = take_params(item, &params);
    if (status == PROMON_OK)
        status = make_plan(item, params, groups, out);
    if (params != NULL)
        explicit_bzero(params, strlen(params));
    free(params);
    free(groups);
    if (status != PROMON_OK)
        return status;
    (*out)->is_configured = true;
    if (promon__fingerprint_take(item->reader->key, item->json, &fingerprint))
        (*out)->fingerprint = strdup(fingerprint.text);
    return (*out)->fingerprint == NULL ? promon__fail_memory(item->error) : PROMON_OK;
}

static enum promon_status read_item(const struct reader *reader, json_t *json, size_t index,
                                    struct promon__plan **out)
{
    struct item item = {.reader = reader,
                        .place = {&reader->list, NULL, index},
                        .json = json,
                        .error = reader->reading.error};
    enum promon_status status =
        promon__keys_read(keys, json, &item.place, &item.metric, &reader->reading);

    if (status == PROMON_OK)
        status = check_name(&item);
    if (status == PROMON_OK)
        status = check_times(&item);
    if (status == PROMON_OK)
        status = plan_item(&item, out);
    promon__keys_free(keys, &item.metric);
    return status;
}

static enum promon_status read_list(const struct reader *reader, json_t *list,
                                    struct promon__plans *out)
{
    const size_t count = json_array_size(list);
    enum promon_status status = PROMON_OK;

    if (count > PROMON_MAX_PROBES)
        return promon__wrong(&reader->list, reader->reading.error, "more than %d",
                             PROMON_MAX_PROBES);
    out->items = calloc(count + 1, sizeof(struct promon__plan *));
    if (out->items == NULL || reader->names == NULL)
        return promon__fail_memory(reader->reading.error);
    for (out->count = 0; out->count < count && status == PROMON_OK; out->count++)
        status = read_item(reader, json_array_get(list, out->count), out->count,
                           &out->items[out->count]);
    return status;
}

enum promon_status promon__config_plans(struct promon *promon, const struct promon__draft *draft,
                                        const struct promon__fingerprint_key *key,
                                        struct promon__plans *out, struct promon_error *error)
{
    const struct promon__place whole = {NULL, draft->name == NULL ? "" : draft->name, 0};
    const struct reader reader = {.promon = promon,
                                  .key = key,
                                  .reading = {draft->folder, error},
                                  .list = {&whole, "metrics", 0},
                                  .names = json_object()};
    struct promon__plans plans = {.count = 0};
    const enum promon_status status = read_list(&reader, draft->metrics, &plans);

    json_decref(reader.names);
    if (status == PROMON_OK)
        *out = plans;
    else
        promon__plans_free(&plans);
    return status;
}

void promon__plans_free(struct promon__plans *plans)
{
    size_t i;

    for (i = 0; i < plans->count; i++)
        promon__plan_free(plans->items[i]);
    free(plans->items);
    *plans = (struct promon__plans){.count = 0};
}
