/*
 * Where the build put what tests load and run: the modules of the library, the modules of the
 * tests, and the programs.
 */
#ifndef TESTS_PLACES_H
#define TESTS_PLACES_H

#include <stdlib.h>

static inline const char *place(const char *variable, const char *built)
{
    const char *given = getenv(variable);

    return given != NULL && *given != '\0' ? given : built;
}

/* The folder of probe_http.so and its kin. */
static inline const char *modules_folder(void)
{
    return place("PROMON_TEST_MODULES", MODULES_BUILT);
}

/* The folder of what tests/libpromon/modules/ and docs/libpromon/examples/ have. */
static inline const char *own_modules_folder(void)
{
    return OWN_MODULES_BUILT;
}

/* The folder of the program `promon`; only for programs named test_tool_…, which are built after it. */
static inline const char *tools_folder(void)
{
    return place("PROMON_TEST_TOOLS", TOOLS_BUILT);
}

#endif
