#include "job.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const uint64_t NS = 1000000000;
enum { WORKERS_MAX = 1024 };

static bool read_number(const char *text, unsigned long *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoul(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool read_option(struct job *job, int option)
{
    switch (option) {
    case 'u': job->url = optarg; return true;
    case 'm': return read_number(optarg, &job->messages) && job->messages != 0;
    case 's': return read_number(optarg, &job->size);
    case 'w': return read_number(optarg, &job->window);
    case 'p': return read_number(optarg, &job->prefetch) && job->prefetch <= UINT16_MAX;
    case 'r': return read_number(optarg, &job->rate);
    case 'k': return read_number(optarg, &job->workers) && job->workers <= WORKERS_MAX;
    case 'j': job->has_joined_acks = true; return true;
    case 'i': job->is_on_io_thread = true; return true;
    default: return false;
    }
}

static bool read_options(struct job *job, int argc, char **argv)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},      {"messages", required_argument, NULL, 'm'},
        {"size", required_argument, NULL, 's'},     {"window", required_argument, NULL, 'w'},
        {"prefetch", required_argument, NULL, 'p'}, {"rate", required_argument, NULL, 'r'},
        {"workers", required_argument, NULL, 'k'},  {"joined-acks", no_argument, NULL, 'j'},
        {"io-thread", no_argument, NULL, 'i'},      {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!read_option(job, option))
            return false;
    }
    return optind == argc && job->url != NULL && job->messages != 0;
}

bool job_read(struct job *job, int argc, char **argv)
{
    *job = (struct job){.prefetch = 100};
    if (!read_options(job, argc, argv)) {
        fprintf(stderr,
                "usage: %s --url URL --messages N [--size BYTES] [--window N] [--rate N]"
                " [--prefetch N] [--workers N] [--joined-acks] [--io-thread]\n",
                argv[0]);
        return false;
    }
    job->body = malloc(job->size + 1);
    job->sent_ns = calloc(job->rate != 0 ? job->messages : 1, sizeof(uint64_t));
    job->latency_ns = calloc(job->rate != 0 ? job->messages : 1, sizeof(uint64_t));
    if (job->body == NULL || job->sent_ns == NULL || job->latency_ns == NULL) {
        fprintf(stderr, "%s: out of memory\n", argv[0]);
        return false;
    }
    memset(job->body, 'x', job->size);
    alarm(JOB_SECONDS_MAX);
    return true;
}

uint64_t job_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

uint64_t job_due_ns(const struct job *job, unsigned long i)
{
    return job->started_ns + i * NS / job->rate;
}

void job_note_sent(struct job *job, unsigned long i)
{
    if (job->rate != 0)
        job->sent_ns[i] = job_now_ns();
}

void job_note_confirmed(struct job *job, unsigned long i)
{
    if (job->rate != 0)
        job->latency_ns[i] = job_now_ns() - job->sent_ns[i];
}

/* Of all threads of the process. */
static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void job_start(struct job *job)
{
    job->started_cpu = cpu_seconds();
    job->started_ns = job_now_ns();
}

void job_stop(struct job *job)
{
    job->stopped_ns = job_now_ns();
    job->stopped_cpu = cpu_seconds();
}

static int compare(const void *a, const void *b)
{
    const uint64_t first = *(const uint64_t *)a;
    const uint64_t second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

static double quantile_us(const struct job *job, double q)
{
    return (double)job->latency_ns[(size_t)((double)(job->messages - 1) * q)] / 1e3;
}

int job_report(struct job *job, unsigned long done)
{
    printf("{\"messages\": %lu, \"done\": %lu, \"seconds\": %.6f, \"cpu\": %.6f", job->messages,
           done, (double)(job->stopped_ns - job->started_ns) / 1e9,
           job->stopped_cpu - job->started_cpu);
    if (job->rate != 0) {
        qsort(job->latency_ns, job->messages, sizeof(uint64_t), compare);
        printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f", quantile_us(job, 0.5),
               quantile_us(job, 0.99), quantile_us(job, 0.999));
    }
    printf("}\n");
    free(job->body);
    free(job->sent_ns);
    free(job->latency_ns);
    return done == job->messages ? EXIT_SUCCESS : EXIT_FAILURE;
}
