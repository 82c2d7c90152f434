/*
 * Configuration: a JSON file or text. Strict: an unknown key, a wrong type or a value out of range
 * is an error that names the place and, for a key, the nearest one known:
 *
 *     promon.json: metrics[2].params.verify_sssl: unknown key, did you mean "verify_ssl"?
 *
 *     {"route_ping": "/ping", "route_metrics": "/metrics",
 *      "metrics": [{"name": "monitoring_redis", "description": "Check redis", "module": "redis",
 *                   "sleep_time": 10, "params": {"host": "127.0.0.1", "port": 6379}}]}
 *
 * The whole list of keys is in docs/libpromon/configuration.md. Times are in seconds and may have a
 * fraction. Any string may be taken from elsewhere: {"env": "NAME"} or {"file": "PATH"} (without
 * its last line break; paths are relative to the configuration's folder). The class names of
 * aiohttp_prometheus_monitoring ("aiohttp_prometheus_monitoring.metrics.redis.RedisMetric") are
 * taken for the modules of the same kind.
 */
#ifndef PROMON_CONFIG_H
#define PROMON_CONFIG_H

#include <stddef.h>

#include <promon/export.h>
#include <promon/probe.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;

#define PROMON_MAX_CONFIG_BYTES 4194304
#define PROMON_MAX_PROBES 10000

/*
 * Takes a new configuration in place of the one before, wholly or not at all. Probes whose options
 * are the same keep running with their history and metrics; others are removed, replaced or added;
 * those added by C stay. While it runs, only `metrics` and `push` may change; before, also the rest
 * but what the monitor is made of (workers, process_metrics, created_samples), while nobody asks
 * for pages. promon_config_last_reload_successful and
 * promon_config_last_reload_timestamp_seconds, of the configuration in force, tell how it went.
 *
 * Thread:  any thread, but not a check, a collector or the log function.
 * Errors:  PROMON_ECONFIG    it is wrong; the message tells where and how.
 *          PROMON_ESECRET    a secret is not there.
 *          PROMON_ENOTFOUND  the file cannot be read; see system_errno.
 *          PROMON_ESTATE     a setting cannot change now; the message tells which.
 *          PROMON_EMODULE, PROMON_EEXISTS, PROMON_ERESOURCES, PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_load_file(struct promon *promon, const char *path,
                                               struct promon_error *error);
PROMON_API enum promon_status promon_load_json(struct promon *promon, const char *json, size_t size,
                                               struct promon_error *error);

/*
 * Reads the file of the last promon_load_file, or of the options, again.
 *
 * Errors:  PROMON_ESTATE  there was none; and those of promon_load_file.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_reload(struct promon *promon, struct promon_error *error);

/*
 * Adds a table of probes, all or none; a row without a name ends it.
 *
 *     static const struct promon_param redis[] = {{"host", "127.0.0.1"}, {NULL, NULL}};
 *     static const struct promon_probe_options probes[] = {
 *         {.size = sizeof(probes[0]), .name = "monitoring_redis", .module = "redis",
 *          .params = redis},
 *         {.size = sizeof(probes[0])}};
 *     promon_probes_add(promon, probes, &error);
 *
 * Thread:  any thread.
 * Errors:  those of promon_probe_add.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_probes_add(struct promon *promon,
                                                const struct promon_probe_options *table,
                                                struct promon_error *error);

PROMON_END_DECLS

#endif
