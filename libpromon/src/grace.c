/*
 * Grace: a barrier over all threads by the kernel, so that readers need none, then a look at each
 * thread. Where the kernel has no such call, readers make a barrier of their own.
 */
#include "grace.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slots_process.h"

static bool ask(int command)
{
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

bool promon__barrier_prepare(void)
{
    return ask(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && ask(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

static void barrier(void)
{
    if (promon__process.is_fenced || ask(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
        return;
    /* A process that was forked off may have to register again. */
    promon__barrier_prepare();
}

static struct promon__thread *thread_from(uint64_t id)
{
    struct promon__thread *thread = promon__process.threads;

    while (thread != NULL && thread->id < id)
        thread = thread->next;
    return thread;
}

/* Whether the thread is still in the section that it was seen in. */
static bool is_inside(uint64_t id, uint64_t sequence)
{
    const struct promon__thread *thread;
    bool inside;

    promon__slots_lock();
    thread = thread_from(id);
    inside = thread != NULL && thread->id == id &&
             __atomic_load_n(&thread->sequence, __ATOMIC_SEQ_CST) == sequence;
    promon__slots_unlock();
    return inside;
}

/* The first thread from *id on that is in a section. */
static bool find_inside(uint64_t *id, uint64_t *sequence)
{
    const struct promon__thread *thread;
    bool is_found = false;

    promon__slots_lock();
    for (thread = thread_from(*id); thread != NULL && !is_found; thread = thread->next) {
        *id = thread->id;
        *sequence = __atomic_load_n(&thread->sequence, __ATOMIC_SEQ_CST);
        is_found = (*sequence & 1) != 0;
    }
    promon__slots_unlock();
    return is_found;
}

void promon__grace(void)
{
    uint64_t id = 0, sequence;

    barrier();
    while (find_inside(&id, &sequence)) {
        while (is_inside(id, sequence))
            sched_yield();
        id++;
    }
}
