/*
 * Pushers after a fork.
 */
#ifndef PROMON_SRC_PUSHER_H
#define PROMON_SRC_PUSHER_H

#include <promon/push.h>

/* In the child: it does not push there, and the group at the gateway is the parent's. */
void promon__pusher_after_fork(struct promon_pusher *pusher);

#endif
