/*
 * Visibility and language linkage of everything public in libamqpext: a function carries
 * AMQPEXT_API, and declarations stand between AMQPEXT_BEGIN_DECLS and AMQPEXT_END_DECLS so that C++
 * programs link with them.
 */
#ifndef AMQPEXT_EXPORT_H
#define AMQPEXT_EXPORT_H

#if defined(__GNUC__)
#define AMQPEXT_API __attribute__((visibility("default")))
#define AMQPEXT_PRINTF_(format_number, first) __attribute__((format(printf, format_number, first)))
#else
#define AMQPEXT_API
#define AMQPEXT_PRINTF_(format_number, first)
#endif

#ifdef __cplusplus
#define AMQPEXT_BEGIN_DECLS extern "C" {
#define AMQPEXT_END_DECLS }
#else
#define AMQPEXT_BEGIN_DECLS
#define AMQPEXT_END_DECLS
#endif

/* Static inline function of a header, which a program need not use. */
#define AMQPEXT_INLINE static inline __attribute__((unused))

/*
 * Zero of every member but `size`: the initialiser of an options structure, without a warning in C
 * and in C++.
 */
#ifdef __cplusplus
#define AMQPEXT_INIT_(type)         \
    ([] {                           \
        struct type value = {};     \
        value.size = sizeof(value); \
        return value;               \
    }())
#else
#define AMQPEXT_INIT_(type)         \
    {                               \
        .size = sizeof(struct type) \
    }
#endif

#endif
