/*
 * What all programs of this folder share: the job as the command line tells it, the objects at the
 * broker, and the measurement that is printed at the end as one line of JSON.
 *
 * Order: job_read; job_start when the connection stands; job_note_sent and job_note_confirmed where
 * latencies are wanted; job_stop when the last message is done with; job_report.
 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_EXCHANGE "bench"
#define JOB_EXCHANGE_TYPE "topic"
#define JOB_QUEUE "bench"
#define JOB_ROUTING_KEY "bench"
#define JOB_CONTENT_TYPE "application/octet-stream"

/* Nothing takes so long; a program that hangs ends itself. */
enum { JOB_SECONDS_MAX = 120 };

struct job {
    const char *url;
    unsigned long messages;
    unsigned long size; /* bytes of a body */
    unsigned long window; /* unconfirmed messages; 0: no confirms, or no limit */
    unsigned long prefetch;
    unsigned long rate; /* messages per second at which to publish, with latencies; 0: all speed */
    unsigned long workers; /* of a consumer of the suite; 0: its default */
    bool has_joined_acks;
    bool is_on_io_thread;

    char *body;
    uint64_t *sent_ns, *latency_ns; /* with `rate`: of each message, from 0 */
    uint64_t started_ns, stopped_ns;
    double started_cpu, stopped_cpu;
};

/* On a wrong command line, or without memory, says why and returns false. */
bool job_read(struct job *job, int argc, char **argv);

uint64_t job_now_ns(void);
/* With `rate`: when message `i` is to be sent. */
uint64_t job_due_ns(const struct job *job, unsigned long i);
void job_note_sent(struct job *job, unsigned long i);
void job_note_confirmed(struct job *job, unsigned long i);

void job_start(struct job *job);
void job_stop(struct job *job);
/* `done`: messages that went as they should. Returns the exit status, 1 unless that is all. */
int job_report(struct job *job, unsigned long done);

#endif
