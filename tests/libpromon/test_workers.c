/*
 * Workers: threads on demand, left behind when they are stuck, ended when they rest.
 */
#include "test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <promon/cell.h>

#include "wait.h"
#include "workers.h"

#define LONG_NS (1000 * PROMON__SECOND_NS)
/* Nothing here takes so long unless it hangs. */
#define PATIENCE_NS (60 * PROMON__SECOND_NS)

/* A job that says when it begins and waits until it may end. */
struct note {
    struct promon__job job;
    sem_t begun, go;
    bool waits;
    atomic_int runs;
    atomic_bool sees_signals;
    pthread_t thread;
};

static void run_note(struct promon__job *job)
{
    struct note *note = (struct note *)(void *)job;
    sigset_t blocked;

    note->thread = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    atomic_store(&note->sees_signals, sigismember(&blocked, SIGTERM) != 1);
    sem_post(&note->begun);
    if (note->waits)
        sem_wait(&note->go);
    atomic_fetch_add(&note->runs, 1);
}

static void note_init(struct note *note, bool waits)
{
    memset(note, 0, sizeof(*note));
    note->job.run = run_note;
    note->waits = waits;
    sem_init(&note->begun, 0, 0);
    sem_init(&note->go, 0, 0);
}

static void await_runs(struct note *note, int runs)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    while (atomic_load(&note->runs) < runs && promon_now_ns() < end_ns)
        usleep(1000);
    assert_int_equal(atomic_load(&note->runs), runs);
}

static void await_figures(struct promon__workers *workers, unsigned threads, unsigned left)
{
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;
    struct promon__workers_figures figures = promon__workers_figures(workers);

    while ((figures.threads != threads || figures.left != left) && promon_now_ns() < end_ns) {
        usleep(1000);
        figures = promon__workers_figures(workers);
    }
    assert_int_equal(figures.threads, threads);
    assert_int_equal(figures.left, left);
}

static struct promon__workers *new_workers(unsigned most, unsigned most_left, int64_t rest_ns)
{
    struct promon__workers *workers = NULL;

    assert_int_equal(promon__workers_new(most, most_left, rest_ns, &workers, NULL), PROMON_OK);
    assert_int_equal(promon__workers_start(workers, NULL), PROMON_OK);
    return workers;
}

static void end(struct promon__workers *workers)
{
    assert_null(promon__workers_close(workers));
    promon__workers_join(workers);
    promon__workers_release(workers);
}

static void job_runs_on_another_thread_without_signals(void **state)
{
    struct promon__workers *workers = new_workers(4, 4, LONG_NS);
    struct note note;

    (void)state;
    note_init(&note, false);
    promon__workers_submit(workers, &note.job);
    sem_wait(&note.begun);
    end(workers);
    assert_int_equal(note.runs, 1);
    assert_false(note.sees_signals);
    assert_false(pthread_equal(note.thread, pthread_self()));
}

static void one_thread_runs_many_jobs(void **state)
{
    enum { JOBS = 100 };
    struct promon__workers *workers = new_workers(1, 4, LONG_NS);
    struct note notes[JOBS];
    int i;

    (void)state;
    for (i = 0; i < JOBS; i++) {
        note_init(&notes[i], false);
        promon__workers_submit(workers, &notes[i].job);
    }
    for (i = 0; i < JOBS; i++)
        await_runs(&notes[i], 1);
    end(workers);
    for (i = 1; i < JOBS; i++)
        assert_true(pthread_equal(notes[0].thread, notes[i].thread));
}

static void there_are_as_many_threads_as_jobs_but_not_more_than_the_limit(void **state)
{
    enum { MOST = 3, JOBS = 5 };
    struct promon__workers *workers = new_workers(MOST, 4, LONG_NS);
    struct note notes[JOBS];
    int i;

    (void)state;
    for (i = 0; i < JOBS; i++) {
        note_init(&notes[i], true);
        promon__workers_submit(workers, &notes[i].job);
    }
    for (i = 0; i < MOST; i++)
        sem_wait(&notes[i].begun);
    assert_int_equal(promon__workers_figures(workers).threads, MOST);
    assert_int_equal(sem_trywait(&notes[MOST].begun), -1);
    for (i = 0; i < JOBS; i++)
        sem_post(&notes[i].go);
    for (i = 0; i < JOBS; i++)
        await_runs(&notes[i], 1);
    end(workers);
}

static void threads_that_rest_for_long_end_but_one(void **state)
{
    enum { JOBS = 4 };
    struct promon__workers *workers = new_workers(JOBS, 4, 20 * PROMON__MILLISECOND_NS);
    struct note notes[JOBS];
    int i;

    (void)state;
    for (i = 0; i < JOBS; i++) {
        note_init(&notes[i], true);
        promon__workers_submit(workers, &notes[i].job);
        sem_wait(&notes[i].begun);
    }
    for (i = 0; i < JOBS; i++)
        sem_post(&notes[i].go);
    await_figures(workers, 1, 0);
    usleep(100000);
    await_figures(workers, 1, 0);
    promon__workers_submit(workers, &notes[0].job);
    sem_wait(&notes[0].begun);
    sem_post(&notes[0].go);
    end(workers);
    assert_int_equal(notes[0].runs, 2);
}

static void worker_left_behind_is_replaced(void **state)
{
    struct promon__workers *workers = new_workers(1, 1, LONG_NS);
    struct note stuck, next;

    (void)state;
    note_init(&stuck, true);
    note_init(&next, false);
    promon__workers_submit(workers, &stuck.job);
    sem_wait(&stuck.begun);
    promon__workers_submit(workers, &next.job);
    assert_int_equal(sem_trywait(&next.begun), -1);
    assert_true(promon__workers_leave(workers, &stuck.job, false));
    assert_true(promon__workers_leave(workers, &stuck.job, false));
    await_runs(&next, 1);
    await_figures(workers, 1, 1);
    sem_post(&stuck.go);
    await_figures(workers, 1, 0);
    end(workers);
    assert_int_equal(stuck.runs, 1);
}

static void end_does_not_wait_for_those_left_behind(void **state)
{
    struct promon__workers *workers = new_workers(2, 0, LONG_NS);
    struct note stuck;

    (void)state;
    note_init(&stuck, true);
    promon__workers_submit(workers, &stuck.job);
    sem_wait(&stuck.begun);
    assert_false(promon__workers_leave(workers, &stuck.job, false));
    assert_null(promon__workers_close(workers));
    assert_true(promon__workers_leave(workers, &stuck.job, true));
    promon__workers_join(workers);
    assert_int_equal(stuck.runs, 0);
    promon__workers_release(workers);
    sem_post(&stuck.go);
    await_runs(&stuck, 1);
}

static void jobs_that_wait_are_given_back_at_the_end(void **state)
{
    struct promon__workers *workers = new_workers(1, 1, LONG_NS);
    struct note running, first, second;

    (void)state;
    note_init(&running, true);
    note_init(&first, false);
    note_init(&second, false);
    promon__workers_submit(workers, &running.job);
    sem_wait(&running.begun);
    promon__workers_submit(workers, &first.job);
    promon__workers_submit(workers, &second.job);
    assert_ptr_equal(promon__workers_close(workers), &first.job);
    sem_post(&running.go);
    promon__workers_join(workers);
    assert_ptr_equal(first.job.next, &second.job);
    assert_null(second.job.next);
    assert_int_equal(running.runs, 1);
    assert_int_equal(first.runs + second.runs, 0);
    promon__workers_release(workers);
}

static void they_start_again(void **state)
{
    struct promon__workers *workers = new_workers(2, 1, LONG_NS);
    struct note note;

    (void)state;
    note_init(&note, false);
    assert_null(promon__workers_close(workers));
    promon__workers_join(workers);
    await_figures(workers, 0, 0);
    assert_int_equal(promon__workers_start(workers, NULL), PROMON_OK);
    promon__workers_submit(workers, &note.job);
    await_runs(&note, 1);
    end(workers);
}

static void one_job_alone_needs_no_start(void **state)
{
    struct promon__workers *workers = NULL;
    struct promon_error error = PROMON_ERROR_INIT;
    struct note note, other;

    (void)state;
    note_init(&note, true);
    note_init(&other, false);
    assert_int_equal(promon__workers_new(1, 1, LONG_NS, &workers, NULL), PROMON_OK);
    assert_int_equal(promon__workers_run_alone(workers, &note.job, NULL), PROMON_OK);
    sem_wait(&note.begun);
    await_figures(workers, 0, 0);
    assert_true(promon__workers_leave(workers, &note.job, false));
    await_figures(workers, 0, 1);
    assert_int_equal(promon__workers_run_alone(workers, &other.job, &error), PROMON_ERESOURCES);
    assert_string_equal(error.message, "1 checks are stuck already, which is the limit");
    sem_post(&note.go);
    await_figures(workers, 0, 0);
    assert_int_equal(promon__workers_run_alone(workers, &other.job, NULL), PROMON_OK);
    promon__workers_release(workers);
    await_runs(&other, 1);
    assert_int_equal(note.runs, 1);
}

struct poster {
    struct promon__workers *workers;
    struct note *notes;
    int count;
};

static void *post_all(void *data)
{
    struct poster *poster = data;
    int i;

    for (i = 0; i < poster->count; i++)
        promon__workers_submit(poster->workers, &poster->notes[i].job);
    return NULL;
}

static void thousands_of_jobs_from_many_threads_all_run(void **state)
{
    enum { POSTERS = 4, COUNT = 500 };
    struct promon__workers *workers = new_workers(6, 1, 2 * PROMON__MILLISECOND_NS);
    struct note *notes = calloc(POSTERS * COUNT, sizeof(*notes));
    struct poster posters[POSTERS];
    pthread_t threads[POSTERS];
    int i;

    (void)state;
    for (i = 0; i < POSTERS * COUNT; i++)
        note_init(&notes[i], false);
    for (i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){workers, &notes[i * COUNT], COUNT};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    for (i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < POSTERS * COUNT; i++)
        await_runs(&notes[i], 1);
    end(workers);
    free(notes);
}

static void make_without_memory(void *context)
{
    struct promon__workers *workers = NULL;
    struct promon__job *waiting;
    struct note *note = context;
    enum promon_status status = promon__workers_new(2, 1, LONG_NS, &workers, NULL);

    if (status == PROMON_OK)
        status = promon__workers_start(workers, NULL);
    assert_true(status == PROMON_OK || status == PROMON_ENOMEM);
    if (workers == NULL)
        return;
    if (status == PROMON_OK) {
        promon__workers_submit(workers, &note->job);
        waiting = promon__workers_close(workers);
        assert_true(waiting == NULL || waiting == &note->job);
        promon__workers_join(workers);
    }
    promon__workers_release(workers);
}

static void every_failed_allocation_is_survived(void **state)
{
    struct note note;

    (void)state;
    note_init(&note, false);
    assert_true(oom_for_every_allocation(make_without_memory, &note) >= 2);
}

static void no_more_are_left_behind_than_may_be_at_a_time(void **state)
{
    struct promon__workers *workers = new_workers(1, 1, LONG_NS);
    struct note first, second, last;

    (void)state;
    note_init(&first, true);
    note_init(&second, true);
    note_init(&last, false);
    promon__workers_submit(workers, &first.job);
    sem_wait(&first.begun);
    assert_true(promon__workers_leave(workers, &first.job, false));
    promon__workers_submit(workers, &second.job);
    sem_wait(&second.begun);
    assert_false(promon__workers_leave(workers, &second.job, false));
    promon__workers_submit(workers, &last.job);
    assert_int_equal(sem_trywait(&last.begun), -1);
    sem_post(&first.go);
    await_runs(&last, 1);
    await_figures(workers, 1, 1);
    sem_post(&second.go);
    await_figures(workers, 1, 0);
    end(workers);
}

static void job_that_ends_by_itself_keeps_its_worker(void **state)
{
    struct promon__workers *workers = new_workers(2, 1, LONG_NS);
    struct note first, second;

    (void)state;
    note_init(&first, true);
    note_init(&second, true);
    promon__workers_submit(workers, &first.job);
    promon__workers_submit(workers, &second.job);
    sem_wait(&first.begun);
    sem_wait(&second.begun);
    assert_true(promon__workers_leave(workers, &first.job, false));
    assert_false(promon__workers_leave(workers, &second.job, false));
    /* It takes the next job: what was wished of the one before is over. */
    sem_post(&second.go);
    await_runs(&second, 1);
    promon__workers_submit(workers, &second.job);
    sem_wait(&second.begun);
    sem_post(&first.go);
    await_figures(workers, 1, 0);
    sem_post(&second.go);
    end(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_runs_on_another_thread_without_signals),
        cmocka_unit_test(one_thread_runs_many_jobs),
        cmocka_unit_test(there_are_as_many_threads_as_jobs_but_not_more_than_the_limit),
        cmocka_unit_test(threads_that_rest_for_long_end_but_one),
        cmocka_unit_test(worker_left_behind_is_replaced),
        cmocka_unit_test(no_more_are_left_behind_than_may_be_at_a_time),
        cmocka_unit_test(job_that_ends_by_itself_keeps_its_worker),
        cmocka_unit_test(end_does_not_wait_for_those_left_behind),
        cmocka_unit_test(jobs_that_wait_are_given_back_at_the_end),
        cmocka_unit_test(they_start_again),
        cmocka_unit_test(one_job_alone_needs_no_start),
        cmocka_unit_test(thousands_of_jobs_from_many_threads_all_run),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
