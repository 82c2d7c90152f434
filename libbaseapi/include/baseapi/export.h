/*
 * Visibility and language linkage of everything public in libbaseapi: a function carries
 * BASEAPI_API, and declarations stand between BASEAPI_BEGIN_DECLS and BASEAPI_END_DECLS so that C++
 * links with them.
 */
#ifndef BASEAPI_EXPORT_H
#define BASEAPI_EXPORT_H

#if defined(__GNUC__)
#define BASEAPI_API __attribute__((visibility("default")))
#else
#define BASEAPI_API
#endif

#ifdef __cplusplus
#define BASEAPI_BEGIN_DECLS extern "C" {
#define BASEAPI_END_DECLS }
#else
#define BASEAPI_BEGIN_DECLS
#define BASEAPI_END_DECLS
#endif

/*
 * Zero of every member but `size`: the initialiser of an options structure, without a warning in C
 * and in C++.
 */
#ifdef __cplusplus
#define BASEAPI_INIT_(type)         \
    ([] {                           \
        struct type value = {};     \
        value.size = sizeof(value); \
        return value;               \
    }())
#else
#define BASEAPI_INIT_(type)         \
    {                               \
        .size = sizeof(struct type) \
    }
#endif

#endif
