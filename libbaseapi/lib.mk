# libbaseapi as data; the top Makefile says what each name means.
libbaseapi_DESCRIPTION := A jsonapi-like HTTP interface to models, declared in tables
libbaseapi_SIBLINGS := libminiorm
libbaseapi_REQUIRES := libminiorm jansson
libbaseapi_REQUIRES_PRIVATE := libpcre2-8
# libmicrohttpd.pc names, for static linking, libraries that its package does not bring along
# (libunistring, libidn2); a program linked with libbaseapi.a takes the shared one.
libbaseapi_LINKS_PRIVATE := libmicrohttpd
libbaseapi_LIBS_PRIVATE := -pthread
libbaseapi_TEST_PACKAGES :=
libbaseapi_SERVICES := postgres
libbaseapi_PROGRAMS := $(wildcard libbaseapi/tools/baseapi-start-project)
libbaseapi_DATA := $(if $(wildcard libbaseapi/project),libbaseapi/project)
libbaseapi_ROOMS := microhttpd.h:src/server pcre2.h:src/pattern
