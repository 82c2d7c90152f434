# Programs and goals of the tests, included by the top Makefile.
#
# Each tests/<library>/test_<concept>.c becomes the program $(BUILD)/tests/<library>/test_<concept>, linked
# with the static library, so that tests reach its internals, and with the harness. Any other .c file of
# the folder, or of one in it, is linked into every test of it. tests/live/<library> is the same for tests that
# need a server; what is in tests/<library>/support is linked into them too.
#
# test_glue_<concept>.c is linked with the libraries in the GLUE of its own too; programs that run tools are
# test_tool_<concept>.c, which are built with them.
#
# Programs of a library NAME with modules or tools find them by <NAME>_TEST_MODULES and <NAME>_TEST_TOOLS, the
# folders that they were built into, and without these variables by the macros MODULES_BUILT and TOOLS_BUILT.
# tests/<library>/modules/probe_<name>.c and docs/<library>/examples/probe_<name>.c are modules for tests, built as
# outside ones are, with nothing but the public headers, into the folder OWN_MODULES_BUILT.

HARNESS_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/harness/*.c))
# Allocation by the library and by the test goes through tests/harness/oom.c.
WRAPPED := malloc calloc realloc reallocarray strdup strndup asprintf vasprintf posix_memalign mmap
# A compiler may leave out an allocation that it sees freed unused, which tests of failures do on purpose.
KEEP_CALLS := $(WRAPPED:%=-fno-builtin-%)
WRAP := $(WRAPPED:%=-Wl$(comma)--wrap=%)
TEST_INCLUDES := -Itests/harness

$(HARNESS_OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build deps-test
	@mkdir -p $(@D)
	$(call Q,CC)$(COMPILE) $(call package,--cflags,cmocka) $(CPPFLAGS) -c -o $@ $<
-include $(HARNESS_OBJECTS:.o=.d)

# $(1) the library, $(2) the folder of the tests, $(3) the variable that lists their programs
define test-folder
$(3) := $$(patsubst %.c,$(BUILD)/%,$$(sort $$(wildcard $(2)/test_*.c)))
$(3)_SHARED := $$(patsubst %.c,$(BUILD)/%.o,$$(filter-out $(2)/test_% $(2)/modules/%,\
    $$(sort $$(wildcard $(2)/*.c $(2)/*/*.c))))

$(3)_SUPPORT := $$(patsubst %.c,$(BUILD)/%.o,$$(filter-out $(2)/%,$$(sort $$(wildcard tests/$(1)/support/*.c))))

$$($(3):=.o) $$($(3)_SHARED): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build deps-test
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) $$(KEEP_CALLS) $$($(1)_INCLUDES) $$(patsubst %,-I%/include,$$(call glue-of,$(1),$$@)) \
	    -I$(1)/src -I$(2) -Itests/$(1) $$(TEST_INCLUDES) $$(call built-places,$(1)) \
	    $$(call package,--cflags,cmocka $$($(1)_ALL_PACKAGES) $$($(1)_TEST_PACKAGES)) $$(CPPFLAGS) -c -o $$@ $$<

$$(foreach program,$$($(3)),$$(if $$(findstring /test_tool_,$$(program)),$$(program))): | $$($(1)_TOOLS_BUILT)
$$(foreach program,$$($(3)),$$(if $$(call glue-of,$(1),$$(program)),$$(program))): \
    $$(foreach library,$$($(1)_GLUE),$$($$(library)_STATIC))
$$($(3)): %: %.o $$($(3)_SHARED) $$($(3)_SUPPORT) $$(HARNESS_OBJECTS) $$($(1)_MODULE_ARCHIVE) $$($(1)_STATIC) \
    $$($(1)_SIBLING_STATIC) $(BUILD)/link-flags | $$($(1)_MODULES_BUILT) $$($(1)_OWN_MODULES)
	$$(call Q,LINK)$$(LINK) $$(WRAP) -Wl,--as-needed -o $$@ $$< $$($(3)_SHARED) $$($(3)_SUPPORT) $$(HARNESS_OBJECTS) \
	    $$($(1)_MODULE_ARCHIVE) $$($(1)_STATIC) $$($(1)_SIBLING_STATIC) \
	    $$(foreach library,$$(call glue-of,$(1),$$@),$$($$(library)_STATIC)) \
	    $$(call package,--libs,cmocka $$($(1)_ALL_PACKAGES) $$($(1)_TEST_PACKAGES) \
	        $$(foreach library,$$(call glue-of,$(1),$$@),$$($$(library)_ALL_PACKAGES))) $$($(1)_LIBS_PRIVATE) -lm

-include $$($(3):=.d) $$($(3)_SHARED:.o=.d)
endef

# $(call glue-of,LIBRARY,PROGRAM): the libraries that a test uses beside its own.
glue-of = $(if $(findstring /test_glue_,$(2)),$($(1)_GLUE))
define own-module
	@mkdir -p $(@D)
	$(call Q,LINK)$(COMPILE) -fPIC -shared $(LDFLAGS) -I$(1)/include $(CPPFLAGS) -MT $@ -MF $(@:.so=.d) -o $@ $<
endef
built-places = $(if $($(1)_MODULES),-DMODULES_BUILT='"$(abspath $(BUILD)/$(1)/probes)"' \
    -DOWN_MODULES_BUILT='"$(abspath $(BUILD)/tests/$(1)/modules)"') \
    $(if $($(1)_TOOLS),-DTOOLS_BUILT='"$(abspath $(BUILD)/$(1)/tools)"')

define library-tests
$(1)_OWN_MODULES := $$(if $$($(1)_MODULES),$$(patsubst %.c,$(BUILD)/tests/$(1)/modules/%.so,\
    $$(notdir $$(wildcard tests/$(1)/modules/probe_*.c docs/$(1)/examples/probe_*.c))))
$(BUILD)/tests/$(1)/modules/%.so: tests/$(1)/modules/%.c $(BUILD)/compile-flags | deps-build
	$$(call own-module,$(1))
$(BUILD)/tests/$(1)/modules/%.so: docs/$(1)/examples/%.c $(BUILD)/compile-flags | deps-build
	$$(call own-module,$(1))
-include $$($(1)_OWN_MODULES:.so=.d)
$(call test-folder,$(1),tests/$(1),$(1)_TESTS)
$(call test-folder,$(1),tests/live/$(1),$(1)_LIVE_TESTS)

.PHONY: check-$(1) check-live-$(1)
check-$(1): $$($(1)_TESTS)
	@$$(RUN) $$($(1)_TESTS)
check-live-$(1): $$($(1)_LIVE_TESTS)
	@$$(call with-services,$$($(1)_SERVICES)) $$(RUN) --limit $$(TEST_SECONDS) $$($(1)_LIVE_TESTS)
endef

# The harness tests itself.
$(eval $(call test-folder,,tests/harness/self,HARNESS_TESTS))

TEST_PLACES = BUILD='$(abspath $(BUILD))' $(foreach library,$(LIBRARIES),\
    $(if $($(library)_MODULES),$(call upper,$($(library)_NAME))_TEST_MODULES='$(abspath $(BUILD)/$(library)/probes)') \
    $(if $($(library)_TOOLS),$(call upper,$($(library)_NAME))_TEST_TOOLS='$(abspath $(BUILD)/$(library)/tools)'))
RUN = env $(TEST_PLACES) MAKE='$(MAKE)' tests/harness/run $(RUN_OPTIONS)
# $(call with-services,NAMES): what a command is preceded by to run with those servers.
with-services = env $(TEST_PLACES) $(if $(strip $(1)),tests/services/with $(1) --)
WITH_SERVICES = $(call with-services,$(sort $(foreach library,$(LIBRARIES),$($(library)_SERVICES))))
$(foreach library,$(LIBRARIES),$(eval $(call library-tests,$(library))))

UNIT_TESTS := $(HARNESS_TESTS) $(foreach library,$(LIBRARIES),$($(library)_TESTS)) $(FUZZ_PROGRAMS)
LIVE_TESTS := $(foreach library,$(LIBRARIES),$($(library)_LIVE_TESTS))
# Programs that need no server run two at once; those that share one run alone.
PROGRAMS_RUN = --limit $(TEST_SECONDS) --jobs 2 $(UNIT_TESTS) --jobs 1 $(LIVE_TESTS)
TEST_SECONDS ?= 120
# Scripts that write one line per check. can-fail shows that each of the others notices what it is for.
REPOSITORY_CHECKS := $(sort $(filter-out %.py %/banned,$(wildcard tests/checks/*)))
# What takes longest runs beside others.
SLOW_CHECKS := tests/checks/can-fail tests/services/check
# Scripts of other parts: demo, examples and whatever else has one.
PART_CHECKS := $(filter-out tests/install/check $(SLOW_CHECKS),$(sort $(wildcard tests/*/check)))

.PHONY: tests check check-units check-live check-repository check-install check-asan check-tsan check-valgrind \
    check-programs
tests: $(UNIT_TESTS) $(LIVE_TESTS)
check: all tests deps-test deps-demo
	@$(WITH_SERVICES) $(RUN) $(PROGRAMS_RUN) --limit 900 --jobs 2 $(SLOW_CHECKS) \
	    $(filter-out $(SLOW_CHECKS),$(REPOSITORY_CHECKS)) --jobs 1 tests/install/check $(PART_CHECKS)
check-programs: tests
	@$(WITH_SERVICES) $(RUN) $(PROGRAMS_RUN)
check-units: $(UNIT_TESTS)
	@$(RUN) --limit $(TEST_SECONDS) $(UNIT_TESTS)
check-live: $(LIVE_TESTS)
	@$(WITH_SERVICES) $(RUN) --limit $(TEST_SECONDS) $(LIVE_TESTS)
check-repository: all deps-test
	@$(RUN) --limit 900 $(REPOSITORY_CHECKS)
check-install: all deps-test
	@$(RUN) --limit 900 tests/install/check

# The storm of faults of libamqpext, long. CHAOS_SEED repeats one that was shown.
CHAOS_SECONDS ?= 600
CHAOS_MESSAGES ?= 300000
CHAOS_SEED ?=
CHAOS_PROGRAM := $(BUILD)/tests/live/libamqpext/test_chaos
.PHONY: chaos
chaos: $(CHAOS_PROGRAM)
	@$(call with-services,$(libamqpext_SERVICES)) env CHAOS_SECONDS=$(CHAOS_SECONDS) CHAOS_MESSAGES=$(CHAOS_MESSAGES) \
	    CHAOS_SEED=$(CHAOS_SEED) $(CHAOS_PROGRAM)

VALGRIND := valgrind --quiet --error-exitcode=98 --leak-check=full \
    --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect
# Sanitized and slow programs have folders and time limits of their own.
check-asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE=address,undefined TEST_SECONDS=600 check-programs
check-tsan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan SANITIZE=thread TEST_SECONDS=600 check-programs
check-valgrind: tests
	@$(WITH_SERVICES) $(RUN) --limit 1200 --wrapper '$(VALGRIND)' $(UNIT_TESTS) $(LIVE_TESTS)

.PHONY: symbols abi-freeze
symbols:
	@tests/checks/symbols --write && tests/checks/pages --write
abi-freeze: all
	@BUILD='$(abspath $(BUILD))' tests/checks/abi --freeze
