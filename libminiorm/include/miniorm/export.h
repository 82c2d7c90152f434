/*
 * Visibility and language linkage of everything public in libminiorm: a function carries MINIORM_API, and
 * declarations stand between MINIORM_BEGIN_DECLS and MINIORM_END_DECLS so that C++ programs link with them.
 */
#ifndef MINIORM_EXPORT_H
#define MINIORM_EXPORT_H

#if defined(__GNUC__)
#define MINIORM_API __attribute__((visibility("default")))
#else
#define MINIORM_API
#endif

#ifdef __cplusplus
#define MINIORM_BEGIN_DECLS extern "C" {
#define MINIORM_END_DECLS }
#else
#define MINIORM_BEGIN_DECLS
#define MINIORM_END_DECLS
#endif

#endif
