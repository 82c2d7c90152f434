/*
 * Visibility and language linkage of everything public in libminiorm: a function carries
 * MINIORM_API, and declarations stand between MINIORM_BEGIN_DECLS and MINIORM_END_DECLS so that C++
 * programs link with them.
 */
#ifndef MINIORM_EXPORT_H
#define MINIORM_EXPORT_H

#if defined(__GNUC__)
#define MINIORM_API __attribute__((visibility("default")))
#define MINIORM_PRINTF_(format_number, first) __attribute__((format(printf, format_number, first)))
#else
#define MINIORM_API
#define MINIORM_PRINTF_(format_number, first)
#endif

#ifdef __cplusplus
#define MINIORM_BEGIN_DECLS extern "C" {
#define MINIORM_END_DECLS }
#else
#define MINIORM_BEGIN_DECLS
#define MINIORM_END_DECLS
#endif

/* Static inline function of a header, which a program need not use. */
#define MINIORM_INLINE static inline __attribute__((unused))

/*
 * Zero of every member but `size`: the initialiser of an options structure, without a warning in C
 * and in C++.
 */
#ifdef __cplusplus
#define MINIORM_INIT_(type)         \
    ([] {                           \
        struct type value = {};     \
        value.size = sizeof(value); \
        return value;               \
    }())
#else
#define MINIORM_INIT_(type)         \
    {                               \
        .size = sizeof(struct type) \
    }
#endif

#endif
