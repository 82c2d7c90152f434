# `make bench`: each folder here that has a bench.mk measures the library of its name. Included by the top Makefile.
#
# The bench.mk of a folder says, in variables that begin with the name of the library:
#   BENCH_PACKAGES  pkg-config names that its programs need besides those of the library
#   BENCH_PROGRAMS  what its `run` starts, by name; of <name>.c of the folder
#   BENCH_SUITE     of them, those that use the library; it is linked as users link it, shared
#   BENCH_SHARED    .c files of the folder, by name, that are linked into programs: PROGRAM:FILE

BENCHES := $(patsubst tests/bench/%/bench.mk,%,$(wildcard tests/bench/*/bench.mk))
include $(BENCHES:%=tests/bench/%/bench.mk)

# $(call bench-parts,LIBRARY,PROGRAM): the objects it is linked from.
bench-parts = $(patsubst %,$(BUILD)/tests/bench/$(1)/%.o,$(2) \
    $(patsubst $(2):%,%,$(filter $(2):%,$($(1)_BENCH_SHARED))))

define bench-rules
$(1)_BENCH_OBJECTS := $$(patsubst %.c,$(BUILD)/%.o,$$(wildcard tests/bench/$(1)/*.c))
$(1)_BENCH_BUILT := $$($(1)_BENCH_PROGRAMS:%=$(BUILD)/bench/$(1)/%)

$$($(1)_BENCH_OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) $$($(1)_INCLUDES) \
	    $$(call package,--cflags,$$($(1)_BENCH_PACKAGES) $$($(1)_ALL_PACKAGES)) $$(CPPFLAGS) -c -o $$@ $$<
-include $$($(1)_BENCH_OBJECTS:.o=.d)

$$(foreach program,$$($(1)_BENCH_PROGRAMS),$$(eval \
    $(BUILD)/bench/$(1)/$$(program): $$(call bench-parts,$(1),$$(program))))
$$($(1)_BENCH_SUITE:%=$(BUILD)/bench/$(1)/%): $$($(1)_SHARED)
$$($(1)_BENCH_BUILT): $(BUILD)/link-flags
	@mkdir -p $$(@D)
	$$(call Q,LINK)$$(LINK) -Wl,--as-needed -o $$@ $$(filter %.o,$$^) \
	    $$(if $$(filter $$(@F),$$($(1)_BENCH_SUITE)),$$(call bench-library,$(1))) \
	    $$(call package,--libs,$$($(1)_BENCH_PACKAGES))

.PHONY: bench-$(1) bench-programs-$(1)
bench-programs-$(1): $$($(1)_BENCH_BUILT) $$($(1)_MODULES_BUILT)
bench-$(1): deps-bench bench-programs-$(1)
	@BUILD='$$(abspath $$(BUILD))' tests/bench/$(1)/run
endef

bench-library = $(foreach shared,$($(1)_SHARED) $($(1)_SIBLING_SHARED),$(shared) \
    -Wl,-rpath,$(dir $(abspath $(shared))))
$(foreach library,$(BENCHES),$(eval $(call bench-rules,$(library))))

# One after the other, since each wants the machine for itself; a failure of one does not keep the next from running.
.PHONY: bench-programs
bench-programs: $(BENCHES:%=bench-programs-%)
bench: deps-bench bench-programs
	@status=0; $(foreach library,$(BENCHES),echo '$(library)'; \
	    BUILD='$(abspath $(BUILD))' tests/bench/$(library)/run || status=1; echo;) exit $$status
