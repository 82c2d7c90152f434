/*
 * Pushers as the monitor sees them: all that there are, and the ends of several at once.
 */
#ifndef PROMON_SRC_PUSHER_H
#define PROMON_SRC_PUSHER_H

#include <promon/push.h>
#include <pthread.h>

/* Of a monitor, those of its configuration and those of the program. */
struct promon__pushers {
    pthread_mutex_t lock;
    struct promon_pusher *first;
};

/*
 * promon_pusher_stop in two steps, for who stops several: they make their last pushes at the same
 * time. A pusher that does not push periodically has none. No other thread stops it meanwhile.
 */
void promon__pusher_end(struct promon_pusher *pusher);
enum promon_status promon__pusher_await(struct promon_pusher *pusher, struct promon_error *error);

/* In the child: they do not push there, and the groups at the gateway are the parent's. */
void promon__pushers_after_fork(struct promon__pushers *pushers);

#endif
