# Builds, installs and tests the libraries of the suite. `make help` lists the goals.
#
# Every folder with a lib.mk is a library; `define library-rules` below is evaluated once for each. A lib.mk
# holds data only, in variables that begin with the name of the library:
#   DESCRIPTION       one line, for pkg-config
#   SIBLINGS          libraries of the suite that it uses, through their public headers
#   REQUIRES          pkg-config names that its public headers need
#   REQUIRES_PRIVATE  pkg-config names needed to link it statically
#   LINKS_PRIVATE     pkg-config names it links whose .pc cannot be used for static linking
#   LIBS_PRIVATE      further linker options
#   TEST_PACKAGES     pkg-config names that only its tests need
#   PROGRAMS, DATA    files installed into BINDIR; trees installed into DATADIR/<library>
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
package = $(if $(strip $(2)),$(call once,package$(1)-$(subst $() ,+,$(strip $(2))),$(PKG_CONFIG) $(1) $(strip $(2))))
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
$(1)_SOURCES := $$(sort $$(wildcard $(1)/src/*.c $(1)/src/*/*.c))
$(1)_OBJECTS := $$($(1)_SOURCES:%.c=$(BUILD)/%.o)
$(1)_STATIC := $(BUILD)/$(1)/$(1).a
$(1)_SHARED := $(BUILD)/$(1)/$(1).so.$$($(1)_VERSION)
$(1)_PACKAGES := $$(filter-out $(LIBRARIES),$$($(1)_REQUIRES) $$($(1)_REQUIRES_PRIVATE) $$($(1)_LINKS_PRIVATE))
$(1)_INCLUDES := -I$(1)/include $$($(1)_SIBLINGS:%=-I%/include)
$(1)_SIBLING_SHARED = $$(foreach sibling,$$($(1)_SIBLINGS),$$($$(sibling)_SHARED))
$(1)_SIBLING_STATIC = $$(foreach sibling,$$($(1)_SIBLINGS),$$($$(sibling)_STATIC))
$(1)_ALL_PACKAGES = $$(sort $$($(1)_PACKAGES) $$(foreach sibling,$$($(1)_SIBLINGS),$$($$(sibling)_PACKAGES)))

.PHONY: lib-$(1)
lib-$(1): $$($(1)_STATIC) $$($(1)_SHARED)

$$($(1)_OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/compile-flags | deps-build
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(COMPILE) -fPIC -fvisibility=hidden $$($(1)_INCLUDES) -I$(1)/src \
	    $$(call package,--cflags,$$($(1)_PACKAGES)) $$(CPPFLAGS) -c -o $$@ $$<

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
endef

version-part = $(shell awk '$$2 == "$(call upper,$($(1)_NAME))_VERSION_$(2)" { print $$3 }' \
    $($(1)_VERSION_FILE))

# A sibling comes before its user, because the rules of the user name the files of the sibling.
ordered := $(foreach library,$(LIBRARIES),$($(library)_SIBLINGS) $(library))
LIBRARIES := $(shell printf '%s\n' $(ordered) | awk '!seen[$$0]++')
$(foreach library,$(LIBRARIES),$(eval $(call library-rules,$(library))))

.PHONY: deps deps-build deps-test deps-demo deps-bench
deps:
	@tests/harness/deps build test demo bench
deps-build deps-test deps-demo deps-bench: deps-%:
	@$(if $(filter no,$(DEPS)),:,PKG_CONFIG='$(PKG_CONFIG)' tests/harness/deps $*)

include tests/tests.mk
include tests/harness/install.mk
-include tests/bench/bench.mk
