# The programs of the bench of libpromon; tests/bench/bench.mk says what each name means.
libpromon_BENCH_PACKAGES :=
libpromon_BENCH_PROGRAMS := cells pages lag ready
libpromon_BENCH_SUITE := cells pages lag ready
libpromon_BENCH_SHARED := cells:common cells:plain cells:pair pages:common pages:allocations \
    pages:plain_page lag:common ready:common ready:black_hole ready:client
