# libamqpext as data; the top Makefile says what each name means.
libamqpext_DESCRIPTION := A producer that loses no message and a consumer that does not stop, over AMQP 0-9-1
libamqpext_SIBLINGS :=
libamqpext_REQUIRES := jansson
libamqpext_REQUIRES_PRIVATE :=
# librabbitmq.pc and openssl.pc name static archives of what they use; a program linked with libamqpext.a
# takes the shared ones.
libamqpext_LINKS_PRIVATE := librabbitmq openssl msgpack/msgpack-c
libamqpext_LIBS_PRIVATE := -pthread
libamqpext_TEST_PACKAGES :=
libamqpext_SERVICES := rabbitmq
libamqpext_ROOMS := amqp.h:src/protocol/ amqp_framing.h:src/protocol/ openssl/ssl.h:src/tls msgpack.h:src/serializer_msgpack
