# The programs of the bench of libbaseapi; tests/bench/bench.mk says what each name means.
libbaseapi_BENCH_PACKAGES := libpq libmicrohttpd
libbaseapi_BENCH_PROGRAMS := suite_server baseline_blocking baseline_pipelined load
libbaseapi_BENCH_SUITE := suite_server
libbaseapi_BENCH_SHARED := baseline_blocking:baseline baseline_pipelined:baseline
