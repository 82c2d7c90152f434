# The programs of the bench of libamqpext; tests/bench/bench.mk says what each name means.
libamqpext_BENCH_PACKAGES := librabbitmq
libamqpext_BENCH_PROGRAMS := raw_publish raw_consume suite_publish suite_consume queue sink
libamqpext_BENCH_SUITE := suite_publish suite_consume
libamqpext_BENCH_SHARED := raw_publish:raw raw_publish:job raw_consume:raw raw_consume:job \
    suite_publish:job suite_consume:job queue:raw
