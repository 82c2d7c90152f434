/*
 * Jobs: where they run, in which order, taken back, waited for and stopped.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <amqpext/status.h>

#include "clock.h"
#include "jobs.h"

enum { PATIENCE_US = 20000000 };

/* What a job leaves behind, and what it waits for. */
struct note {
    struct job job;
    struct jobs *jobs;
    pthread_t thread;
    atomic_int runs;
    bool was_inside;
    sem_t *begun, *go;
    struct job *next_to_post;
    int *order, *count;
    int number;
};

static void run_note(struct job *job)
{
    struct note *note = (struct note *)(void *)job;

    note->thread = pthread_self();
    note->was_inside = amqpext__jobs_is_inside(note->jobs);
    if (note->begun != NULL)
        sem_post(note->begun);
    if (note->go != NULL)
        sem_wait(note->go);
    if (note->order != NULL)
        note->order[(*note->count)++] = note->number;
    if (note->next_to_post != NULL)
        amqpext__jobs_post(note->jobs, note->next_to_post);
    atomic_fetch_add(&note->runs, 1);
}

static struct note new_note(struct jobs *jobs)
{
    return (struct note){.job = {.run = run_note}, .jobs = jobs};
}

static struct jobs *new_jobs(enum amqpext_callbacks mode, unsigned n_workers)
{
    struct jobs *jobs = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    assert_int_equal(amqpext__jobs_new(mode, n_workers, &jobs, &error), AMQPEXT_OK);
    return jobs;
}

static void end(struct jobs *jobs)
{
    amqpext__jobs_stop(jobs);
    amqpext__jobs_free(jobs);
}

static uint64_t patience(void)
{
    return monotonic_us() + PATIENCE_US;
}

static bool is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

static void io_thread_runs_at_once_where_it_is_posted(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_IO_THREAD, 0);
    struct note note = new_note(jobs);

    (void)state;
    amqpext__jobs_post(jobs, &note.job);
    assert_int_equal(note.runs, 1);
    assert_true(pthread_equal(note.thread, pthread_self()));
    assert_true(note.was_inside);
    assert_false(amqpext__jobs_is_inside(jobs));
    assert_int_equal(amqpext__jobs_fd(jobs), -1);
    assert_true(amqpext__jobs_wait_idle(jobs, 0));
    end(jobs);
}

static void worker_runs_on_a_thread_of_its_own(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 1);
    struct note note = new_note(jobs);

    (void)state;
    amqpext__jobs_post(jobs, &note.job);
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
    assert_int_equal(note.runs, 1);
    assert_false(pthread_equal(note.thread, pthread_self()));
    assert_true(note.was_inside);
    assert_false(amqpext__jobs_is_inside(jobs));
    end(jobs);
}

static void threads_can_be_started_before_the_first_job(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 3);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    assert_int_equal(amqpext__jobs_start(jobs, &error), AMQPEXT_OK);
    assert_int_equal(amqpext__jobs_start(jobs, &error), AMQPEXT_OK);
    end(jobs);
}

static void as_many_run_at_once_as_there_are_workers(void **state)
{
    enum { WORKERS = 4 };
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, WORKERS);
    struct note notes[WORKERS];
    sem_t begun, go;
    int i;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    for (i = 0; i < WORKERS; i++) {
        notes[i] = new_note(jobs);
        notes[i].begun = &begun;
        notes[i].go = &go;
        amqpext__jobs_post(jobs, &notes[i].job);
    }
    for (i = 0; i < WORKERS; i++)
        sem_wait(&begun);
    assert_int_equal(amqpext__jobs_running(jobs), WORKERS);
    assert_false(amqpext__jobs_wait_idle(jobs, monotonic_us() + 1000));
    for (i = 0; i < WORKERS; i++)
        sem_post(&go);
    assert_true(amqpext__jobs_wait_idle(jobs, NEVER));
    assert_int_equal(amqpext__jobs_running(jobs), 0);
    end(jobs);
    sem_destroy(&begun);
    sem_destroy(&go);
}

static void lane_runs_in_order_on_many_workers(void **state)
{
    enum { COUNT = 2000, LANES = 8 };
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 8);
    struct note *notes = calloc(COUNT, sizeof(*notes));
    static int order[LANES][COUNT];
    int counts[LANES] = {0};
    int i, lane;

    (void)state;
    for (i = 0; i < COUNT; i++) {
        lane = i % LANES;
        notes[i] = new_note(jobs);
        notes[i].job.lane = (uint64_t)(lane + 1);
        notes[i].number = i;
        /* Without a lock of their own: one at a time also means that each sees the one before. */
        notes[i].order = order[lane];
        notes[i].count = &counts[lane];
        amqpext__jobs_post(jobs, &notes[i].job);
    }
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
    for (lane = 0; lane < LANES; lane++) {
        assert_int_equal(counts[lane], COUNT / LANES);
        for (i = 0; i < counts[lane]; i++)
            assert_int_equal(order[lane][i], i * LANES + lane);
    }
    end(jobs);
    free(notes);
}

static void busy_lane_holds_up_no_other(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 2);
    struct note slow = new_note(jobs), next = new_note(jobs), other = new_note(jobs);
    sem_t begun, go, other_begun;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&other_begun, 0, 0);
    slow.begun = &begun;
    slow.go = &go;
    slow.job.lane = next.job.lane = 1;
    other.begun = &other_begun;
    other.job.lane = 2;
    amqpext__jobs_post(jobs, &slow.job);
    sem_wait(&begun);
    amqpext__jobs_post(jobs, &next.job);
    amqpext__jobs_post(jobs, &other.job);
    sem_wait(&other_begun);
    assert_int_equal(atomic_load(&next.runs), 0);
    sem_post(&go);
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
    assert_int_equal(next.runs, 1);
    end(jobs);
    sem_destroy(&begun);
    sem_destroy(&go);
    sem_destroy(&other_begun);
}

static void what_has_not_begun_can_be_taken_back(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 1);
    struct note first = new_note(jobs), second = new_note(jobs), third = new_note(jobs);
    sem_t begun, go;
    struct job *list;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    first.begun = &begun;
    first.go = &go;
    amqpext__jobs_post(jobs, &first.job);
    amqpext__jobs_post(jobs, &second.job);
    amqpext__jobs_post(jobs, &third.job);
    sem_wait(&begun);
    list = amqpext__jobs_take_back(jobs);
    assert_ptr_equal(list, &second.job);
    assert_ptr_equal(list->next, &third.job);
    assert_null(list->next->next);
    assert_null(amqpext__jobs_take_back(jobs));
    sem_post(&go);
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
    assert_int_equal(second.runs, 0);
    end(jobs);
    sem_destroy(&begun);
    sem_destroy(&go);
}

static void *wait_for_idle(void *data)
{
    return amqpext__jobs_wait_idle(data, patience()) ? data : NULL;
}

static void taking_back_the_last_ends_the_waiting(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);
    struct note note = new_note(jobs);
    pthread_t waiter;
    void *result;

    (void)state;
    amqpext__jobs_post(jobs, &note.job);
    assert_int_equal(pthread_create(&waiter, NULL, wait_for_idle, jobs), 0);
    assert_ptr_equal(amqpext__jobs_take_back(jobs), &note.job);
    pthread_join(waiter, &result);
    assert_non_null(result);
    end(jobs);
}

static void stop_runs_what_waits(void **state)
{
    enum { COUNT = 100 };
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 3);
    struct note notes[COUNT];
    int i;

    (void)state;
    for (i = 0; i < COUNT; i++) {
        notes[i] = new_note(jobs);
        notes[i].job.lane = (uint64_t)i % 5;
        amqpext__jobs_post(jobs, &notes[i].job);
    }
    amqpext__jobs_stop(jobs);
    for (i = 0; i < COUNT; i++)
        assert_int_equal(notes[i].runs, 1);
    amqpext__jobs_stop(jobs);
    amqpext__jobs_free(jobs);
}

static void *dispatch(void *data)
{
    amqpext__jobs_dispatch(data);
    return NULL;
}

struct stopper {
    struct jobs *jobs;
    const struct note *first;
    int seen;
};

static void *stop(void *data)
{
    struct stopper *stopper = data;

    amqpext__jobs_stop(stopper->jobs);
    stopper->seen = stopper->first->runs;
    return NULL;
}

static void stop_waits_for_the_job_that_another_thread_runs(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);
    struct note first = new_note(jobs), second = new_note(jobs);
    struct stopper stopper = {jobs, &first, -1};
    pthread_t dispatching, stopping;
    sem_t begun, go;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    first.begun = &begun;
    first.go = &go;
    amqpext__jobs_post(jobs, &first.job);
    assert_int_equal(pthread_create(&dispatching, NULL, dispatch, jobs), 0);
    sem_wait(&begun);
    amqpext__jobs_post(jobs, &second.job);
    assert_int_equal(pthread_create(&stopping, NULL, stop, &stopper), 0);
    usleep(50000);
    /* Whoever dispatches runs one at a time. */
    assert_int_equal(second.runs, 0);
    sem_post(&go);
    pthread_join(dispatching, NULL);
    pthread_join(stopping, NULL);
    assert_int_equal(stopper.seen, 1);
    assert_int_equal(second.runs, 1);
    amqpext__jobs_free(jobs);
    sem_destroy(&begun);
    sem_destroy(&go);
}

static void job_may_post_another(void **state)
{
    static const enum amqpext_callbacks modes[] = {
        AMQPEXT_CALLBACKS_IO_THREAD, AMQPEXT_CALLBACKS_WORKERS, AMQPEXT_CALLBACKS_DISPATCH};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct jobs *jobs = new_jobs(modes[i], 2);
        struct note first = new_note(jobs), second = new_note(jobs);

        first.next_to_post = &second.job;
        first.job.lane = second.job.lane = 3;
        amqpext__jobs_post(jobs, &first.job);
        amqpext__jobs_stop(jobs);
        assert_int_equal(first.runs, 1);
        assert_int_equal(second.runs, 1);
        amqpext__jobs_free(jobs);
    }
}

static void dispatch_runs_on_the_thread_that_calls(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);
    struct note first = new_note(jobs), second = new_note(jobs);
    const int fd = amqpext__jobs_fd(jobs);

    (void)state;
    assert_true(fd >= 0);
    assert_false(is_readable(fd));
    amqpext__jobs_dispatch(jobs);
    amqpext__jobs_post(jobs, &first.job);
    amqpext__jobs_post(jobs, &second.job);
    assert_int_equal(first.runs, 0);
    assert_true(is_readable(fd));
    amqpext__jobs_dispatch(jobs);
    assert_int_equal(first.runs + second.runs, 2);
    assert_true(pthread_equal(first.thread, pthread_self()));
    assert_true(first.was_inside);
    assert_false(is_readable(fd));
    end(jobs);
}

static void what_is_posted_while_dispatching_waits_for_the_next(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);
    struct note first = new_note(jobs), second = new_note(jobs);

    (void)state;
    first.next_to_post = &second.job;
    amqpext__jobs_post(jobs, &first.job);
    amqpext__jobs_dispatch(jobs);
    assert_int_equal(second.runs, 0);
    assert_true(is_readable(amqpext__jobs_fd(jobs)));
    amqpext__jobs_dispatch(jobs);
    assert_int_equal(second.runs, 1);
    end(jobs);
}

static void dispatch_again(struct job *job)
{
    struct note *note = (struct note *)(void *)job;

    amqpext__jobs_dispatch(note->jobs);
    note->was_inside = atomic_load(&((struct note *)(void *)note->next_to_post)->runs) == 0;
}

static void dispatch_inside_of_a_job_does_nothing(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);
    struct note first = new_note(jobs), second = new_note(jobs);

    (void)state;
    first.job.run = dispatch_again;
    first.next_to_post = &second.job;
    amqpext__jobs_post(jobs, &first.job);
    amqpext__jobs_post(jobs, &second.job);
    amqpext__jobs_dispatch(jobs);
    assert_true(first.was_inside);
    assert_int_equal(second.runs, 1);
    end(jobs);
}

static void notify_makes_the_descriptor_readable_once(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);

    (void)state;
    amqpext__jobs_notify(jobs);
    amqpext__jobs_notify(jobs);
    assert_true(is_readable(amqpext__jobs_fd(jobs)));
    amqpext__jobs_dispatch(jobs);
    assert_false(is_readable(amqpext__jobs_fd(jobs)));
    end(jobs);
}

static void see_signals(struct job *job)
{
    struct note *note = (struct note *)(void *)job;
    sigset_t blocked;

    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    note->number = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGINT) == 1;
    atomic_fetch_add(&note->runs, 1);
}

static void workers_leave_signals_to_the_program(void **state)
{
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 1);
    struct note note = new_note(jobs);

    (void)state;
    note.job.run = see_signals;
    amqpext__jobs_post(jobs, &note.job);
    end(jobs);
    assert_int_equal(note.runs, 1);
    assert_true(note.number);
}

struct poster {
    struct jobs *jobs;
    struct note *notes;
    int count;
};

static void *post_all(void *data)
{
    struct poster *poster = data;
    int i;

    for (i = 0; i < poster->count; i++)
        amqpext__jobs_post(poster->jobs, &poster->notes[i].job);
    return NULL;
}

static void many_threads_may_post(void **state)
{
    enum { POSTERS = 4, COUNT = 500 };
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, 3);
    struct note *notes = calloc(POSTERS * COUNT, sizeof(*notes));
    struct poster posters[POSTERS];
    pthread_t threads[POSTERS];
    int i;

    (void)state;
    for (i = 0; i < POSTERS * COUNT; i++) {
        notes[i] = new_note(jobs);
        notes[i].job.lane = (uint64_t)i % 7;
    }
    for (i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){jobs, &notes[i * COUNT], COUNT};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    for (i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
    for (i = 0; i < POSTERS * COUNT; i++)
        assert_int_equal(notes[i].runs, 1);
    end(jobs);
    free(notes);
}

static void make_without_memory(void *context)
{
    const enum amqpext_callbacks *mode = context;
    struct jobs *jobs = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const enum amqpext_status status = amqpext__jobs_new(*mode, 4, &jobs, &error);
    struct note note;

    if (status != AMQPEXT_OK) {
        assert_int_equal(status, AMQPEXT_ENOMEM);
        assert_null(jobs);
        return;
    }
    note = new_note(jobs);
    note.job.lane = 1;
    amqpext__jobs_post(jobs, &note.job);
    end(jobs);
    assert_int_equal(note.runs, 1);
}

static void every_failed_allocation_is_survived(void **state)
{
    enum amqpext_callbacks mode;

    (void)state;
    for (mode = AMQPEXT_CALLBACKS_IO_THREAD; mode <= AMQPEXT_CALLBACKS_DISPATCH; mode++)
        assert_true(oom_for_every_allocation(make_without_memory, &mode) >= 1);
}

static void rest_all(struct jobs *jobs)
{
    struct note note = new_note(jobs);

    assert_int_equal(amqpext__jobs_start(jobs, NULL), AMQPEXT_OK);
    amqpext__jobs_post(jobs, &note.job);
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
}

static void jobs_added_together_wake_a_worker_each(void **state)
{
    enum { WORKERS = 4 };
    struct jobs *jobs = new_jobs(AMQPEXT_CALLBACKS_WORKERS, WORKERS);
    struct note notes[WORKERS];
    sem_t begun, go;
    int i;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    rest_all(jobs);
    for (i = 0; i < WORKERS; i++) {
        notes[i] = new_note(jobs);
        notes[i].begun = &begun;
        notes[i].go = &go;
        amqpext__jobs_add(jobs, &notes[i].job);
    }
    amqpext__jobs_wake(jobs);
    for (i = 0; i < WORKERS; i++)
        sem_wait(&begun);
    for (i = 0; i < WORKERS; i++)
        sem_post(&go);
    assert_true(amqpext__jobs_wait_idle(jobs, patience()));
    end(jobs);
    sem_destroy(&begun);
    sem_destroy(&go);
}

static void added_jobs_need_no_waking_without_workers(void **state)
{
    struct jobs *here = new_jobs(AMQPEXT_CALLBACKS_IO_THREAD, 0);
    struct jobs *dispatched = new_jobs(AMQPEXT_CALLBACKS_DISPATCH, 0);
    struct note first = new_note(here);
    struct note second = new_note(dispatched);

    (void)state;
    amqpext__jobs_add(here, &first.job);
    assert_int_equal(first.runs, 1);
    amqpext__jobs_add(dispatched, &second.job);
    assert_true(is_readable(amqpext__jobs_fd(dispatched)));
    amqpext__jobs_wake(dispatched);
    amqpext__jobs_dispatch(dispatched);
    assert_int_equal(second.runs, 1);
    end(here);
    end(dispatched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(io_thread_runs_at_once_where_it_is_posted),
        cmocka_unit_test(worker_runs_on_a_thread_of_its_own),
        cmocka_unit_test(threads_can_be_started_before_the_first_job),
        cmocka_unit_test(as_many_run_at_once_as_there_are_workers),
        cmocka_unit_test(lane_runs_in_order_on_many_workers),
        cmocka_unit_test(busy_lane_holds_up_no_other),
        cmocka_unit_test(what_has_not_begun_can_be_taken_back),
        cmocka_unit_test(taking_back_the_last_ends_the_waiting),
        cmocka_unit_test(stop_runs_what_waits),
        cmocka_unit_test(stop_waits_for_the_job_that_another_thread_runs),
        cmocka_unit_test(job_may_post_another),
        cmocka_unit_test(dispatch_runs_on_the_thread_that_calls),
        cmocka_unit_test(what_is_posted_while_dispatching_waits_for_the_next),
        cmocka_unit_test(dispatch_inside_of_a_job_does_nothing),
        cmocka_unit_test(notify_makes_the_descriptor_readable_once),
        cmocka_unit_test(workers_leave_signals_to_the_program),
        cmocka_unit_test(many_threads_may_post),
        cmocka_unit_test(jobs_added_together_wake_a_worker_each),
        cmocka_unit_test(added_jobs_need_no_waking_without_workers),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
