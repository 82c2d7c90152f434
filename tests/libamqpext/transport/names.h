/*
 * Names: a name service of the tests' own in place of the system's, for programs that link it.
 *
 * Digits are left to the system. Every other name has the answer that was set.
 */
#ifndef TESTS_TRANSPORT_NAMES_H
#define TESTS_TRANSPORT_NAMES_H

#include <stdbool.h>

/* NULL-terminated addresses in digits, borrowed; the system answers again after NULL. */
void names_answer(const char *const *addresses);
/* An EAI_ number; with EAI_SYSTEM errno is `system_errno`. */
void names_fail(int failure, int system_errno);
/* Answers wait from now on until they are released. */
void names_hold(void);
void names_release(void);
/* How often a name was asked for and answered; and waiting until that is so. */
unsigned names_done(void);
void names_wait_done(unsigned count);

#endif
