# The programs of `make bench`; tests/bench/run starts them. Included by the top Makefile.

BENCH_PACKAGES := libpq libmicrohttpd
BENCH_BASELINES := $(BUILD)/bench/baseline_blocking $(BUILD)/bench/baseline_pipelined
BENCH_PROGRAMS := $(BUILD)/bench/suite_server $(BENCH_BASELINES) $(BUILD)/bench/load
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

# With the shared libraries, as users link them.
BENCH_LIBRARIES = $(libbaseapi_SHARED) $(libbaseapi_SIBLING_SHARED)
$(BUILD)/bench/suite_server: $(BUILD)/tests/bench/suite_server.o $(libbaseapi_SHARED) $(BUILD)/link-flags
	@mkdir -p $(@D)
	$(call Q,LINK)$(LINK) -o $@ $< $(BENCH_LIBRARIES) \
	    $(patsubst %/,-Wl$(comma)-rpath$(comma)%,$(dir $(abspath $(BENCH_LIBRARIES))))

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)
