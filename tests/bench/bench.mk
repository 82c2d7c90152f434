# The programs of `make bench`; tests/bench/run starts them. Included by the top Makefile.

BENCH_PACKAGES := libpq libmicrohttpd
BENCH_BASELINES := $(BUILD)/bench/baseline_blocking $(BUILD)/bench/baseline_pipelined
BENCH_PROGRAMS := $(BENCH_BASELINES) $(BUILD)/bench/load
BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c))

$(BENCH_OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $(@D)
	$(call Q,CC)$(COMPILE) $(libbaseapi_INCLUDES) \
	    $(call package,--cflags,$(BENCH_PACKAGES) $(libbaseapi_ALL_PACKAGES)) $(CPPFLAGS) -c -o $@ $<
-include $(BENCH_OBJECTS:.o=.d)

$(BENCH_BASELINES): $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/tests/bench/baseline.o \
    $(BUILD)/link-flags
	@mkdir -p $(@D)
	$(call Q,LINK)$(LINK) -o $@ $(filter %.o,$^) $(call package,--libs,$(BENCH_PACKAGES))

$(BUILD)/bench/load: $(BUILD)/tests/bench/load.o $(BUILD)/link-flags
	@mkdir -p $(@D)
	$(call Q,LINK)$(LINK) -o $@ $<

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)
