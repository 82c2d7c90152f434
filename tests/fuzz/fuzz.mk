# Fuzz targets. tests/fuzz/<library>/fuzz_<concept>.c is one; the folder fuzz_<concept>.inputs beside it holds
# inputs to begin with. `make check` runs each on its inputs and on random changes of them (standalone.c); `make fuzz`
# builds them with clang's libFuzzer and the sanitizers and runs each for FUZZ_SECONDS.

FUZZ_SECONDS ?= 60
# Set by `make fuzz` for the build of its own.
FUZZER ?=
FUZZ_PROGRAMS := $(foreach library,$(LIBRARIES),$(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/$(library)/fuzz_*.c))))

define fuzz-program
$(2): $(2).o $(if $(FUZZER),,$(2).main.o) $$($(1)_MODULE_ARCHIVE) $$($(1)_STATIC) $$($(1)_SIBLING_STATIC) $(BUILD)/link-flags
	$$(call Q,LINK)$$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) -Wl,--as-needed -o $$@ $$(filter %.o,$$^) \
	    $$($(1)_MODULE_ARCHIVE) $$($(1)_STATIC) $$($(1)_SIBLING_STATIC) $$(call package,--libs,$$($(1)_ALL_PACKAGES)) $$($(1)_LIBS_PRIVATE) -lm
$(2).o: $(2:$(BUILD)/%=%.c) $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) $$($(1)_INCLUDES) -I$(1)/src $$(call package,--cflags,$$($(1)_ALL_PACKAGES)) \
	    $$(CPPFLAGS) -c -o $$@ $$<
$(2).main.o: tests/fuzz/standalone.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) -DFOLDER='"$(dir $(2:$(BUILD)/%=%))$(notdir $(2:%=%.inputs))"' $$(CPPFLAGS) -c -o $$@ $$<
-include $(2).d $(2).main.d
endef
$(foreach library,$(LIBRARIES),$(foreach program,$(filter $(BUILD)/tests/fuzz/$(library)/%,$(FUZZ_PROGRAMS)),\
    $(eval $(call fuzz-program,$(library),$(program)))))

.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
fuzz: deps-fuzz
	@$(MAKE) --no-print-directory BUILD='$(BUILD)/fuzz' CC=clang-14 SANITIZE=address,undefined FUZZER=yes \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' run-fuzzers
.PHONY: run-fuzzers
run-fuzzers: $(FUZZ_PROGRAMS)
	@for program in $(FUZZ_PROGRAMS); do \
	    inputs=$${program#$(BUILD)/}.inputs; mkdir -p $$program.found && \
	    $$program -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$$program. $$program.found $$inputs || exit 1; \
	done
