# libminiorm as data; the top Makefile says what each name means.
libminiorm_DESCRIPTION := Models, managers, queries and transactions over PostgreSQL and SQLite
libminiorm_SIBLINGS :=
libminiorm_REQUIRES :=
libminiorm_REQUIRES_PRIVATE :=
# libpq.pc and sqlite3.pc name, for static linking, libraries that their packages do not bring along
# (libpgcommon, libgssapi_krb5, libz); a program linked with libminiorm.a takes the shared ones.
libminiorm_LINKS_PRIVATE := libpq sqlite3
libminiorm_LIBS_PRIVATE := -pthread
libminiorm_TEST_PACKAGES := libuv libevent
libminiorm_SERVICES := postgres
libminiorm_ROOMS := libpq-fe.h:src/postgres/ sqlite3.h:src/sqlite/
