# Builds, installs and tests the libraries of the suite. `make help` lists the goals.
#
# Every folder with a lib.mk is a library; `define library-rules` below is evaluated once for each. A lib.mk
# holds data only, in variables that begin with the name of the library:
#   DESCRIPTION       one line, for pkg-config
#   SIBLINGS          libraries of the suite that it uses, through their public headers
#   GLUE              libraries of the suite that a header named after them joins with it, for programs that use both;
#                     tests test_glue_<concept>.c are linked with them
#   REQUIRES          pkg-config names that its public headers need
#   REQUIRES_PRIVATE  pkg-config names needed to link it statically
#   LINKS_PRIVATE     pkg-config names it links whose .pc cannot be used for static linking; name/other: either
#   LIBS_PRIVATE      further linker options
#   TEST_PACKAGES     pkg-config names that only its tests need
#   SERVICES          servers that its live tests need, by their names in tests/services
#   PROGRAMS, DATA    scripts installed into BINDIR; trees installed into DATADIR/<library>, without the folder share
#   TOOLS             C programs by name, of tools/<name>.c and tools/<name>_*.c, installed into BINDIR
#   TOOL_PACKAGES     pkg-config names that they need besides those of the library
#   MANS              manual pages, installed into MANDIR/man<section>
#   MODULES           what the library loads at run time, by name: src/probes/probe_<name>.c and probe_<name>_*.c
#                     become probe_<name>.so in MODULEDIR. A module is linked with nothing of its library, so that it
#                     serves programs with the shared and with the static one alike; src/probes is in neither.
#   MODULE_<name>_PACKAGES, MODULE_<name>_USES   pkg-config names; further sources, by their path below src without .c
#   WRITTEN           sources that scripts write while building: SCRIPT:FILE, src/<SCRIPT>.sh makes <SCRIPT>.c of src/<FILE>
#   STATE             symbols that may be writable data; each needs its reason beside it
#   ROOMS             HEADER:PLACE, the only sources that may include the header of a dependency
# The version is read from include/<name>/version.h; everything that shows a version derives from it.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

BUILD ?= build
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
# Where libpromon looks for its modules unless it is told otherwise: the path is compiled in.
MODULEDIR ?= $(LIBDIR)/promon
DESTDIR ?=

ifneq ($(filter undefined default,$(origin CC)),)
CC := cc
endif
ifneq ($(filter undefined default,$(origin AR)),)
AR := ar
endif
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format-14
INSTALL ?= install
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
# SANITIZE=address,undefined or SANITIZE=thread; WERROR=1 makes warnings errors; DEPS=no leaves packages alone.
SANITIZE ?=
WERROR ?=
DEPS ?= yes
# V=1 shows the commands in full.
V ?=
Q = $(if $(V),,@printf '  %-5s %s\n' $(1) '$@';)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
    -Wformat=2 -Wconversion -Wno-sign-conversion $(if $(WERROR),-Werror)
INSTRUMENT := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -pthread $(WARNINGS) $(CFLAGS) $(INSTRUMENT) -MMD -MP
LINK = $(CC) -pthread $(CFLAGS) $(INSTRUMENT) $(LDFLAGS)

LIBRARIES := $(patsubst %/lib.mk,%,$(wildcard lib*/lib.mk))
include $(LIBRARIES:%=%/lib.mk)

# $(call package,--cflags,NAMES): pkg-config is asked once, and only when a recipe needs the answer, so that
# missing packages can be installed first.
package = $(if $(strip $(2)),$(call once,package$(1)-$(subst $() ,+,$(strip $(2))),$(PKG_CONFIG) $(1) $(foreach name,$(2),$(call spelled,$(name)))))
# A package that systems name differently is written name/other: the one that is there, else the first.
spelled = $(if $(findstring /,$(1)),$$(for name in $(subst /, ,$(1)) $(firstword $(subst /, ,$(1))); do \
    if $(PKG_CONFIG) --exists $$name; then break; fi; done; echo $$name),$(1))
once = $(if $(filter undefined,$(origin $(1))),$(eval $(1) := $(shell $(2))))$($(1))
upper = $(shell printf %s '$(1)' | tr a-z A-Z)
quote = '$(subst ','\'',$(1))'

# A file that changes only when its text does: what depends on it is made again when flags or lists change.
define stamp
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(1)) | cmp -s - $@ || printf '%s\n' $(call quote,$(1)) > $@
endef

all: $(LIBRARIES:%=lib-%)

.PHONY: FORCE
FORCE:

$(BUILD)/compile-flags: FORCE
	$(call stamp,$(COMPILE) $(CPPFLAGS))

$(BUILD)/link-flags: FORCE
	$(call stamp,$(LINK))

define library-rules
$(1)_NAME := $(1:lib%=%)
$(1)_VERSION_FILE := $(1)/include/$$($(1)_NAME)/version.h
$(1)_MAJOR := $$(call version-part,$(1),MAJOR)
$(1)_MINOR := $$(call version-part,$(1),MINOR)
$(1)_PATCH := $$(call version-part,$(1),PATCH)
$(1)_VERSION := $$($(1)_MAJOR).$$($(1)_MINOR).$$($(1)_PATCH)
ifneq ($$(words $$($(1)_MAJOR) $$($(1)_MINOR) $$($(1)_PATCH)),3)
$$(error $$($(1)_VERSION_FILE) does not define the three numbers of the version)
endif
# Before 1.0 every minor release may break the ABI, so that the SONAME carries both numbers.
$(1)_SONAME := $(1).so.$$(if $$(filter 0,$$($(1)_MAJOR)),0.$$($(1)_MINOR),$$($(1)_MAJOR))
$(1)_NODE := $$(call upper,$(1))_$$($(1)_MAJOR).$$($(1)_MINOR)
ifeq ($$(shell grep -cx '$$($(1)_NODE) {' $(1)/$(1).map),0)
$$(error $(1)/$(1).map has no node $$($(1)_NODE), but $$($(1)_VERSION_FILE) says $$($(1)_VERSION))
endif

$(1)_HEADERS := $$(sort $$(wildcard $(1)/include/$$($(1)_NAME)/*.h))
$(1)_SOURCES := $$(filter-out $(1)/src/probes/%,$$(sort $$(wildcard $(1)/src/*.c $(1)/src/*/*.c)))
$(1)_WRITTEN_OBJECTS := $$(foreach each,$$($(1)_WRITTEN),$(BUILD)/$(1)/src/$$(firstword $$(subst :, ,$$(each))).o)
$(1)_OBJECTS := $$($(1)_SOURCES:%.c=$(BUILD)/%.o) $$($(1)_WRITTEN_OBJECTS)
$(1)_STATIC := $(BUILD)/$(1)/$(1).a
$(1)_SHARED := $(BUILD)/$(1)/$(1).so.$$($(1)_VERSION)
$(1)_PACKAGES := $$(filter-out $(LIBRARIES),$$($(1)_REQUIRES) $$($(1)_REQUIRES_PRIVATE) $$($(1)_LINKS_PRIVATE))
$(1)_INCLUDES := -I$(1)/include $$($(1)_SIBLINGS:%=-I%/include)
$(1)_SIBLING_SHARED = $$(foreach sibling,$$($(1)_SIBLINGS),$$($$(sibling)_SHARED))
$(1)_SIBLING_STATIC = $$(foreach sibling,$$($(1)_SIBLINGS),$$($$(sibling)_STATIC))
$(1)_MODULES_PRESENT := $$(patsubst $(1)/src/probes/probe_%.c,%,$$(wildcard $$($(1)_MODULES:%=$(1)/src/probes/probe_%.c)))
$(1)_MODULE_OBJECTS := $$(patsubst %.c,$(BUILD)/%.o,$$(sort $$(wildcard $(1)/src/probes/*.c)))
$(1)_MODULES_BUILT := $$($(1)_MODULES_PRESENT:%=$(BUILD)/$(1)/probes/probe_%.so)
# For tests, which reach the internals of modules too.
$(1)_MODULE_ARCHIVE := $$(if $$($(1)_MODULES),$(BUILD)/$(1)/probes.a)
$(1)_MODULE_PACKAGES := $$(foreach module,$$($(1)_MODULES),$$($(1)_MODULE_$$(module)_PACKAGES))
$(1)_TOOLS_PRESENT := $$(patsubst $(1)/tools/%.c,%,$$(wildcard $$($(1)_TOOLS:%=$(1)/tools/%.c)))
$(1)_TOOLS_BUILT := $$($(1)_TOOLS_PRESENT:%=$(BUILD)/$(1)/tools/%)
$(1)_ALL_PACKAGES = $$(sort $$($(1)_PACKAGES) $$($(1)_MODULE_PACKAGES) $$(foreach sibling,$$($(1)_SIBLINGS),$$($$(sibling)_PACKAGES)))

.PHONY: lib-$(1)
lib-$(1): $$($(1)_STATIC) $$($(1)_SHARED) $$($(1)_MODULES_BUILT) $$($(1)_TOOLS_BUILT)

$$(filter-out $$($(1)_WRITTEN_OBJECTS),$$($(1)_OBJECTS)): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) -fPIC -fvisibility=hidden $$($(1)_INCLUDES) -I$(1)/src \
	    $$(call package,--cflags,$$($(1)_PACKAGES)) $$($(1)_DEFINES) $$(CPPFLAGS) -c -o $$@ $$<

$$($(1)_WRITTEN_OBJECTS): %.o: %.c $(BUILD)/compile-flags | deps-build
	$$(call Q,CC)$$(COMPILE) -fPIC -fvisibility=hidden -I$(1)/src $$(CPPFLAGS) -c -o $$@ $$<
$$(foreach each,$$($(1)_WRITTEN),$$(eval $$(call written-rule,$(1),$$(firstword $$(subst :, ,$$(each))),$$(lastword $$(subst :, ,$$(each))))))

# One source knows where modules are installed; it is made again when that changes.
ifneq ($$($(1)_MODULES),)
$(BUILD)/$(1)/src/module_folder.o: private $(1)_DEFINES = -DMODULE_FOLDER='"$$(abspath $$(MODULEDIR))"'
$(BUILD)/$(1)/src/module_folder.o: $(BUILD)/$(1)/module-folder
$(BUILD)/$(1)/module-folder: FORCE
	$$(call stamp,$$(abspath $$(MODULEDIR)))
endif

$(BUILD)/$(1)/objects: FORCE
	$$(call stamp,$$($(1)_OBJECTS))

$$($(1)_STATIC): $$($(1)_OBJECTS) $(BUILD)/$(1)/objects
	@rm -f $$@
	$$(call Q,AR)$$(AR) rcs $$@ $$($(1)_OBJECTS)

# The links beside it let programs of the tree find the library under its SONAME and its development name.
$$($(1)_SHARED): $$($(1)_OBJECTS) $(1)/$(1).map $(BUILD)/$(1)/objects $(BUILD)/link-flags $$($(1)_SIBLING_SHARED)
	$$(call Q,LINK)$$(LINK) -shared $$(if $$(SANITIZE),,-Wl,-z,defs) -Wl,-soname,$$($(1)_SONAME) \
	    -Wl,--version-script,$(1)/$(1).map -Wl,--as-needed -o $$@ $$($(1)_OBJECTS) $$($(1)_SIBLING_SHARED) \
	    $$(call package,--libs,$$($(1)_PACKAGES)) $$($(1)_LIBS_PRIVATE)
	@ln -sf $$(@F) $(BUILD)/$(1)/$$($(1)_SONAME)
	@ln -sf $$($(1)_SONAME) $(BUILD)/$(1)/$(1).so

-include $$($(1)_OBJECTS:.o=.d)

$$($(1)_MODULE_OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) -fPIC -fvisibility=hidden $$($(1)_INCLUDES) -I$(1)/src \
	    $$(call package,--cflags,$$(call packages-of-module-object,$(1),$$@)) $$(CPPFLAGS) -c -o $$@ $$<
-include $$($(1)_MODULE_OBJECTS:.o=.d)
$$(foreach module,$$($(1)_MODULES_PRESENT),$$(eval $$(call module-rules,$(1),$$(module))))

ifneq ($$($(1)_MODULES),)
$(BUILD)/$(1)/module-objects: FORCE
	$$(call stamp,$$($(1)_MODULE_OBJECTS))
$$($(1)_MODULE_ARCHIVE): $$($(1)_MODULE_OBJECTS) $(BUILD)/$(1)/module-objects
	@rm -f $$@
	$$(call Q,AR)$$(AR) rcs $$@ $$($(1)_MODULE_OBJECTS)
endif

$(1)_TOOL_OBJECTS := $$(patsubst %.c,$(BUILD)/%.o,$$(foreach tool,$$($(1)_TOOLS_PRESENT),$$(call tool-sources,$(1),$$(tool))))
$$($(1)_TOOL_OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) $$($(1)_INCLUDES) $$(call package,--cflags,$$($(1)_TOOL_PACKAGES)) $$(CPPFLAGS) -c -o $$@ $$<
-include $$($(1)_TOOL_OBJECTS:.o=.d)
$$(foreach tool,$$($(1)_TOOLS_PRESENT),$$(eval $$(call tool-rules,$(1),$$(tool))))

# What is installed, as paths below DESTDIR; uninstalling removes exactly these.
$(1)_DATA_FILES := $$(if $$($(1)_DATA),$$(sort $$(shell find $$($(1)_DATA) -type f)))
$(1)_INSTALLED = $$($(1)_HEADERS:$(1)/include/%=$$(INCLUDEDIR)/%) $$(LIBDIR)/$(1).a \
    $$(LIBDIR)/$$(notdir $$($(1)_SHARED)) $$(LIBDIR)/$$($(1)_SONAME) $$(LIBDIR)/$(1).so \
    $$(LIBDIR)/pkgconfig/$(1).pc $$(addprefix $$(BINDIR)/,$$(notdir $$($(1)_PROGRAMS))) \
    $$(patsubst $(1)/%,$$(DATADIR)/$(1)/%,$$($(1)_DATA_FILES:$(1)/share/%=$(1)/%)) \
    $$(addprefix $$(BINDIR)/,$$($(1)_TOOLS_PRESENT)) $$(addprefix $$(MODULEDIR)/,$$(notdir $$($(1)_MODULES_BUILT))) \
    $$(foreach page,$$($(1)_MANS),$$(call man-place,$$(page)))

.PHONY: install-$(1) uninstall-$(1)
install-$(1): lib-$(1)
	@$$(call install-files,$$($(1)_HEADERS),644,$(1)/include/,$$(INCLUDEDIR)/)
	@$$(call install-files,$$($(1)_STATIC),644,$(BUILD)/$(1)/,$$(LIBDIR)/)
	@$$(call install-files,$$($(1)_SHARED),755,$(BUILD)/$(1)/,$$(LIBDIR)/)
	@ln -sf $$(notdir $$($(1)_SHARED)) '$$(DESTDIR)$$(LIBDIR)/$$($(1)_SONAME)'
	@ln -sf $$($(1)_SONAME) '$$(DESTDIR)$$(LIBDIR)/$(1).so'
	@$$(call fill-in,$(1),pkgconfig/$(1).pc.in,644,$$(LIBDIR)/pkgconfig/$(1).pc)
	@$$(foreach program,$$($(1)_PROGRAMS),$$(call fill-in,$(1),$$(program),755,$$(BINDIR)/$$(notdir $$(program)));)
	@$$(call install-files,$$(filter-out $(1)/share/%,$$($(1)_DATA_FILES)),keep,$(1)/,$$(DATADIR)/$(1)/)
	@$$(call install-files,$$(filter $(1)/share/%,$$($(1)_DATA_FILES)),keep,$(1)/share/,$$(DATADIR)/$(1)/)
	@$$(call install-files,$$($(1)_MODULES_BUILT),755,$(BUILD)/$(1)/probes/,$$(MODULEDIR)/)
	@$$(foreach tool,$$($(1)_TOOLS_PRESENT),$$(call link-tool,$(1),$$(tool),$(BUILD)/$(1)/installed/$$(tool),$$(INSTALLED_RPATH)) && \
	    $$(INSTALL) -D -m 755 $(BUILD)/$(1)/installed/$$(tool) '$$(DESTDIR)$$(BINDIR)/$$(tool)' &&) :
	@$$(foreach page,$$($(1)_MANS),$$(INSTALL) -D -m 644 $$(page) '$$(DESTDIR)$$(call man-place,$$(page))' &&) :
	@$$(if $$(DESTDIR),:,$$(refresh-linker-cache))
	@echo 'Installed $(1) $$($(1)_VERSION) in $$(DESTDIR)$$(PREFIX)'

# Folders go too when they are empty, except those that systems have anyway.
uninstall-$(1):
	@rm -f $$(foreach file,$$($(1)_INSTALLED),'$$(DESTDIR)$$(file)')
	@find '$$(DESTDIR)$$(INCLUDEDIR)/$$($(1)_NAME)' '$$(DESTDIR)$$(DATADIR)/$(1)' \
	    $$(if $$($(1)_MODULES),'$$(DESTDIR)$$(MODULEDIR)') -depth -type d \
	    -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null || :
	@$$(if $$(DESTDIR),:,$$(refresh-linker-cache))
endef

# $(call written-rule,LIBRARY,SCRIPT,FILE)
define written-rule
$(BUILD)/$(1)/src/$(2).c: $(1)/src/$(2).sh $(1)/src/$(3)
	@mkdir -p $$(@D)
	$$(call Q,WRITE)$(1)/src/$(2).sh $(1)/src/$(3) > $$@
endef

# $(call module-rules,LIBRARY,MODULE). What it needs of the library it gets from it when it is opened.
define module-rules
$(1)_MODULE_$(2)_OBJECTS := $$(patsubst %.c,$(BUILD)/%.o,$$(sort $$(wildcard $(1)/src/probes/probe_$(2).c \
    $(1)/src/probes/probe_$(2)_*.c) $$($(1)_MODULE_$(2)_USES:%=$(1)/src/%.c)))
$(BUILD)/$(1)/probes/probe_$(2).so: $$($(1)_MODULE_$(2)_OBJECTS) $(BUILD)/link-flags $(BUILD)/$(1)/module-objects
	@mkdir -p $$(@D)
	$$(call Q,LINK)$$(LINK) -shared $$(if $$(SANITIZE),,-Wl,-z,defs) -Wl,--as-needed -o $$@ \
	    $$($(1)_MODULE_$(2)_OBJECTS) $$(call package,--libs,$$($(1)_MODULE_$(2)_PACKAGES)) -lm
endef

# A source that several modules use is compiled with what all of them need.
packages-of-module-object = $(sort $(foreach module,$($(1)_MODULES_PRESENT),\
    $(if $(filter $(2),$($(1)_MODULE_$(module)_OBJECTS)),$($(1)_MODULE_$(module)_PACKAGES))))

tool-sources = $(sort $(wildcard $(1)/tools/$(2).c $(1)/tools/$(2)_*.c))
tool-objects = $(patsubst %.c,$(BUILD)/%.o,$(call tool-sources,$(1),$(2)))

# $(call tool-rules,LIBRARY,TOOL): as it runs in the tree, where it finds the library beside it.
define tool-rules
$(BUILD)/$(1)/tools/$(2): $$(call tool-objects,$(1),$(2)) $$($(1)_SHARED) $(BUILD)/link-flags
	@mkdir -p $$(@D)
	$$(call Q,LINK)$$(call link-tool,$(1),$(2),$$@,$$$$ORIGIN/..)
endef

# $(call link-tool,LIBRARY,TOOL,TO,RPATH)
link-tool = mkdir -p $(dir $(3)) && $(LINK) -Wl,--as-needed $(if $(4),-Wl$(comma)-rpath$(comma)'$(4)') -o $(3) \
    $(call tool-objects,$(1),$(2)) $($(1)_SHARED) $(call package,--libs,$($(1)_TOOL_PACKAGES))
# A program finds the library where it was installed; system folders need not be named in it.
INSTALLED_RPATH = $(filter-out $(foreach end,lib lib64 lib/$(shell $(CC) -print-multiarch 2>/dev/null),/$(end) /usr/$(end)),\
    $(abspath $(LIBDIR)))
comma := ,

man-place = $(MANDIR)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

# $(call install-files,FILES,MODE,FROM,TO): each FROM<path> goes to DESTDIR TO<path>; MODE keep keeps its mode.
define install-files
for file in $(1); do \
    mode=$(2); \
    if [ $$mode = keep ]; then if [ -x "$$file" ]; then mode=755; else mode=644; fi; fi; \
    $(INSTALL) -D -m $$mode "$$file" '$(DESTDIR)$(4)'"$${file#$(3)}" || exit 1; \
done
endef

# $(call fill-in,LIBRARY,FROM,MODE,TO): installs a file with its @NAMES@ replaced. Paths below the prefix
# stay relative to it in .pc files, so that pkg-config can move them.
define fill-in
mkdir -p $(BUILD)/$(1)/installed '$(DESTDIR)$(dir $(4))' && \
sed $(foreach name,PREFIX BINDIR DATADIR,-e 's|@$(name)@|$($(name))|g') \
    $(foreach name,LIBDIR INCLUDEDIR MODULEDIR,-e 's|@$(name)@|$(patsubst $(PREFIX)/%,$${prefix}/%,$($(name)))|g') \
    $(foreach name,DESCRIPTION VERSION REQUIRES REQUIRES_PRIVATE,-e 's|@$(name)@|$($(1)_$(name))|g') \
    -e 's|@LIBS_PRIVATE@|$(call package,--libs,$($(1)_LINKS_PRIVATE)) $($(1)_LIBS_PRIVATE)|g' \
    $(2) > $(BUILD)/$(1)/installed/$(notdir $(4)) && \
$(INSTALL) -m $(3) $(BUILD)/$(1)/installed/$(notdir $(4)) '$(DESTDIR)$(4)'
endef

# A library in a folder of the linker's configuration is found only after this; without the right, it is the user's job.
refresh-linker-cache = ldconfig 2>/dev/null || :

version-part = $(shell awk '$$2 == "$(call upper,$($(1)_NAME))_VERSION_$(2)" { print $$3 }' \
    $($(1)_VERSION_FILE))

# A sibling comes before its user, because the rules of the user name the files of the sibling.
ordered := $(foreach library,$(LIBRARIES),$($(library)_SIBLINGS) $(library))
LIBRARIES := $(shell printf '%s\n' $(ordered) | awk '!seen[$$0]++')
$(foreach library,$(LIBRARIES),$(eval $(call library-rules,$(library))))

.PHONY: deps deps-build deps-test deps-demo deps-bench deps-fuzz
deps:
	@tests/harness/deps build test demo bench fuzz
deps-build deps-test deps-demo deps-bench deps-fuzz: deps-%:
	@$(if $(filter no,$(DEPS)),:,PKG_CONFIG='$(PKG_CONFIG)' tests/harness/deps $*)

.PHONY: all install uninstall demo bench format format-check help clean
install: $(LIBRARIES:%=install-%)
uninstall: $(LIBRARIES:%=uninstall-%)

include tests/fuzz/fuzz.mk
include tests/tests.mk
-include tests/bench/bench.mk

demo: all deps-demo
	@BUILD='$(abspath $(BUILD))' tests/demo/run

FORMATTED = $(shell find $(LIBRARIES) tests docs -name '*.[ch]' -o -name '*.cpp' | sort)
format: deps-test
	@$(CLANG_FORMAT) -i $(FORMATTED)
format-check: deps-test
	@$(RUN) tests/checks/formatting

clean:
	rm -rf $(BUILD)

define HELP
make                     build all libraries, shared and static, into $$(BUILD)
make lib-X               build one library: $(LIBRARIES)
make install             install all into $$(DESTDIR)$$(PREFIX); also LIBDIR, INCLUDEDIR, BINDIR, DATADIR, MANDIR,
                         MODULEDIR (where libpromon finds its probes)
make install-libX        install one, without the libraries of the suite that it uses
make uninstall           remove what install put there; also uninstall-libX
make demo                generate, build and run the sample project on port 9000

make check               all tests and checks; starts its own servers
make check-libX          the tests of one library that need no server
make check-live          the tests that need a server; also check-live-libX
make check-repository    the checks of the repository itself
make check-install       build outside programs against an installed copy
make check-asan          the tests with the address and undefined behaviour sanitizers
make check-tsan          the tests with the thread sanitizer
make check-valgrind      the tests under valgrind
make chaos               messages in a storm of faults for CHAOS_SECONDS (600), CHAOS_MESSAGES (300000) of them
make fuzz                run each fuzz target for FUZZ_SECONDS (60) with libFuzzer
make tests               build the test programs only
make bench               measure against hand-written programs; also bench-libX: $(BENCHES)

make format              format the sources with $(CLANG_FORMAT); format-check only looks
make symbols             write maps, lists of symbols and pages of headers from the public headers
make abi-freeze          record the ABI of this version, which checks compare with from then on
make deps                install all packages that these goals need
make clean               remove $$(BUILD)

Variables: BUILD CC CFLAGS CPPFLAGS LDFLAGS PREFIX LIBDIR INCLUDEDIR BINDIR DATADIR MANDIR MODULEDIR DESTDIR
           SANITIZE=address,undefined|thread  WERROR=1  DEPS=no (leave packages alone)  V=1 (show commands)
endef
export HELP
help:
	@printf '%s\n' "$$HELP"
