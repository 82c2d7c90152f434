# libpromon as data; the top Makefile says what each name means.
libpromon_DESCRIPTION := Metrics for Prometheus and availability probes, inside the service
libpromon_SIBLINGS :=
libpromon_GLUE := libbaseapi libminiorm libamqpext
libpromon_REQUIRES :=
libpromon_REQUIRES_PRIVATE := jansson zlib
# libmicrohttpd.pc, libcurl.pc and openssl.pc name, for static linking, libraries that their packages do not bring
# along (libunistring, libssh2); a program linked with libpromon.a takes the shared ones.
libpromon_LINKS_PRIVATE := libmicrohttpd libcurl openssl
libpromon_LIBS_PRIVATE := -pthread -ldl -lm
libpromon_TEST_PACKAGES :=
libpromon_SERVICES := postgres rabbitmq redis mariadb prometheus pushgateway certificates
libpromon_TOOLS := promon
libpromon_TOOL_PACKAGES := jansson
libpromon_MANS := $(wildcard docs/libpromon/man/*.[1-8])
libpromon_DATA := $(if $(wildcard libpromon/share),libpromon/share)
# Each probe is a module of its own with its own client, so that the library needs none of them.
libpromon_MODULES := http redis amqp postgres mysql tcp dns tls exec process
# What modules use that speak a protocol over one connection, by TLS or not.
libpromon_CONVERSES := probes/channel probes/secure probes/certificate probes/quiet_bio
libpromon_MODULE_http_PACKAGES := libcurl openssl jansson
libpromon_MODULE_http_USES := probes/certificate
libpromon_MODULE_redis_PACKAGES := hiredis openssl
libpromon_MODULE_redis_USES := $(libpromon_CONVERSES)
libpromon_MODULE_amqp_PACKAGES := librabbitmq openssl
libpromon_MODULE_amqp_USES := $(libpromon_CONVERSES)
libpromon_MODULE_postgres_PACKAGES := libpq openssl
libpromon_MODULE_postgres_USES := probes/certificate probes/figure
libpromon_MODULE_mysql_PACKAGES := openssl
libpromon_MODULE_mysql_USES := $(libpromon_CONVERSES) probes/figure
libpromon_MODULE_exec_USES := probes/figure
libpromon_MODULE_tcp_USES := probes/stream
libpromon_MODULE_dns_USES := probes/stream
libpromon_MODULE_tls_PACKAGES := openssl
libpromon_MODULE_tls_USES := $(libpromon_CONVERSES)
# The status page, embedded.
libpromon_WRITTEN := status_html:status_page.html
# What belongs to the process: threads that getaddrinfo keeps; the memory that a thread counts in, which it finds by
# promon__mine and promon_own_slots_, and the threads over which a reading adds up.
libpromon_STATE := lost_lookups promon__mine promon_own_slots_ promon__process
libpromon_ROOMS := microhttpd.h:src/listener curl/curl.h:src/push curl/curl.h:src/probes/probe_http \
    hiredis/hiredis.h:src/probes/probe_redis hiredis.h:src/probes/probe_redis amqp.h:src/probes/probe_amqp \
    amqp_framing.h:src/probes/probe_amqp libpq-fe.h:src/probes/probe_postgres \
    openssl/x509.h:src/certificate openssl/x509.h:src/probes/ openssl/ssl.h:src/probes/ zlib.h:src/compress dlfcn.h:src/module
