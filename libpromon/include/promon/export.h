/*
 * Visibility and language linkage of everything public in libpromon: a function carries
 * PROMON_API, and declarations stand between PROMON_BEGIN_DECLS and PROMON_END_DECLS so that C++
 * programs link with them.
 */
#ifndef PROMON_EXPORT_H
#define PROMON_EXPORT_H

#if defined(__GNUC__)
#define PROMON_API __attribute__((visibility("default")))
#define PROMON_PRINTF_(format_number, first) __attribute__((format(printf, format_number, first)))
/* What a module exports; the library exports nothing of that kind. */
#define PROMON_MODULE_SYMBOL_ __attribute__((visibility("default")))
#else
#define PROMON_API
#define PROMON_MODULE_SYMBOL_
#define PROMON_PRINTF_(format_number, first)
#endif

#ifdef __cplusplus
#define PROMON_BEGIN_DECLS extern "C" {
#define PROMON_END_DECLS }
#else
#define PROMON_BEGIN_DECLS
#define PROMON_END_DECLS
#endif

/* Static inline function of a header, which a program need not use. */
#define PROMON_INLINE static inline __attribute__((unused))

/*
 * Zero of every member but `size`: the initialiser of an options structure, without a warning in C
 * and in C++.
 */
#ifdef __cplusplus
#define PROMON_INIT_(type)          \
    ([] {                           \
        struct type value = {};     \
        value.size = sizeof(value); \
        return value;               \
    }())
#else
#define PROMON_INIT_(type)          \
    {                               \
        .size = sizeof(struct type) \
    }
#endif

#endif
