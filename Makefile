# Skerry's build. `make help` is the index; docs/building.md tells how it hangs together.
#
#   V  variant: release (default), debug, asan, tsan, ubsan        outputs stand in $(O)/$(V)/
#   ARCH  amd64, arm64 or armhf; default: this machine. Another one is cross-compiled (`make deps-dist` installs what that
#      takes) into $(O)/$(V)-$(ARCH)/, against a sysroot of downloaded packages in build/third_party/$(ARCH)/.
#   O  build root, default build. Several roots may be built at once: they share generated code,
#      third-party libraries and ccache.
#
# Every folder src/<folder> is a static library. src/LAYERS says which folders it may include; its unit
# tests are linked with exactly those, so a folder can be built and tested while another one is broken.

SHELL := /bin/bash
.SHELLFLAGS := -ec
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables --no-print-directory

# Use all processors unless told otherwise with -j.
ifeq ($(MAKELEVEL)$(findstring -j,$(MAKEFLAGS)),0)
  MAKEFLAGS += -j$(shell nproc)
endif

V ?= release
O ?= build
ARCHES := amd64 arm64 armhf
TRIPLE_amd64 := x86_64-linux-gnu
TRIPLE_arm64 := aarch64-linux-gnu
TRIPLE_armhf := arm-linux-gnueabihf
NATIVE := $(shell dpkg --print-architecture)
ARCH ?= $(NATIVE)
TRIPLE := $(TRIPLE_$(ARCH))
ifndef TRIPLE
  $(error unknown architecture ARCH=$(ARCH): use one of $(ARCHES))
endif
# Empty when building for this machine.
CROSS := $(if $(filter-out $(NATIVE),$(ARCH)),$(ARCH))

# Generated code and third-party builds do not depend on the variant or on O: with one path for all, ccache
# answers for every build root.
GEN := build/gen$(CROSS:%=-%)
SKERRY_THIRD_PARTY_DIR ?= build/third_party
TP := $(SKERRY_THIRD_PARTY_DIR)$(CROSS:%=/%)
SYSROOT := $(if $(CROSS),$(TP)/sysroot)
FUZZ_SECONDS ?= 5

B := $(O)/$(V)$(CROSS:%=-%)
OBJ := $(B)/obj
Q := $(if $(VERBOSE),,@)
LOCKED := flock $(GEN)/.lock

.PHONY: all help
all: skerry

# ---- tools and flags ------------------------------------------------------------------------------

have = $(firstword $(wildcard $(addsuffix /$1,$(subst :, ,$(PATH)))))
CCACHE := $(call have,ccache)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

TOOL := $(if $(CROSS),$(TRIPLE)-)
CC = $(TOOL)gcc
CXX = $(TOOL)g++
CLANG ?= clang
CLANGXX ?= clang++
PYTHON ?= python3
# Cross compilers look for a linker of that architecture's name; lld is one for all. mold's of Debian 12 is young on arm.
LLD_DIR := $(patsubst %/,%,$(dir $(realpath $(call have,ld.lld))))
# A release is linked by lld, which makes it 0.1 MB smaller than mold does (-O2: strings that end alike share their bytes).
LINKER := $(if $(CROSS),$(LLD_DIR:%=-fuse-ld=lld -B%),$(if $(and $(call have,mold),$(if $(LLD_DIR),$(filter-out release,$(V)),x)),-fuse-ld=mold,$(LLD_DIR:%=-fuse-ld=lld)))

# A broken belief of nlohmann/json traps: telling where takes 2 % of the code, and the debug information tells it too.
FLAGS_release := -O2 -g1 -ffunction-sections -fdata-sections -fno-pie '-DJSON_ASSERT(x)=((x)?void():__builtin_trap())'
FLAGS_debug := -O0 -g1 -fno-pie
FLAGS_asan := -O1 -g1 -fno-omit-frame-pointer -fsanitize=address -fno-pie
FLAGS_tsan := -O1 -g1 -fno-omit-frame-pointer -fsanitize=thread -fno-pie
FLAGS_ubsan := -O1 -g1 -fsanitize=undefined -fno-sanitize-recover=all -fno-pie
FLAGS_fuzz := -O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize=vptr -fno-sanitize-recover=all

# Not position independent: relocating at start would dirty pages in every per-pod shim process.
LINK_release := -static -no-pie -Wl,--gc-sections
LINK_debug := -static -no-pie
LINK_asan := -fsanitize=address -no-pie
LINK_tsan := -fsanitize=thread -no-pie
LINK_ubsan := -fsanitize=undefined -no-pie
LINK_fuzz := -fsanitize=address,undefined
ifeq ($(V),fuzz)
  CC := $(CLANG)
  CXX := $(CLANGXX)
endif
ifneq ($(and $(CROSS),$(filter-out release debug,$(V))),)
  $(error V=$(V) cannot be cross-compiled)
endif
ifndef FLAGS_$(V)
  $(error unknown variant V=$(V): use release, debug, asan, tsan or ubsan)
endif

# httplib must see the same definitions in every translation unit. USE_POLL: select() fails for fds >= 1024.
HTTPLIB_DEFINES := -DCPPHTTPLIB_OPENSSL_SUPPORT -DCPPHTTPLIB_ZLIB_SUPPORT -DCPPHTTPLIB_USE_POLL
# armhf: off_t has 32 bits unless told otherwise; time_t keeps them, as in the libraries of Debian 12.
ARCH_CPPFLAGS := $(if $(filter armhf,$(ARCH)),-D_FILE_OFFSET_BITS=64) \
                 $(if $(CROSS),-isystem $(SYSROOT)/usr/include/$(TRIPLE) -isystem $(SYSROOT)/usr/include)
CPPFLAGS := -Isrc -I$(GEN) -isystem $(TP)/include -isystem $(SYSROOT)/usr/include/libnl3 $(HTTPLIB_DEFINES) -D_GNU_SOURCE -DCURL_STATICLIB $(ARCH_CPPFLAGS)
CXXFLAGS := -std=c++20 -Wall -Wextra -pthread $(FLAGS_$(V)) $(if $(filter armhf,$(ARCH)),-Wno-psabi)
CFLAGS := -std=gnu11 -Wall -Wextra -pthread $(FLAGS_$(V))
LDFLAGS := $(LINK_$(V)) -pthread $(LINKER) $(if $(CROSS),-B$(SYSROOT)/usr/lib/$(TRIPLE) $(foreach d,usr/lib lib,-L$(SYSROOT)/$d/$(TRIPLE)))
# Only what is called is linked, so every program may name them all.
SYSTEM_LIBS := -lsqlite3 -lssl -lcrypto -lyaml-cpp -lbpf -lelf -lseccomp -lcap -larchive \
               -lnl-route-3 -lnl-3 -lz -lzstd

# ---- what there is --------------------------------------------------------------------------------

$(shell mkdir -p $(B) $(GEN) $(TP))
# Sorted: the order of objects is that of the executable.
FILES := $(sort $(shell find src test -type f \( -name '*.cc' -o -name '*.c' -o -name '*.h' \) 2>/dev/null))
SRC := $(filter src/%.cc src/%.c,$(FILES))
HEADERS := $(filter src/%.h,$(FILES))
FOLDERS := $(sort $(foreach f,$(SRC) $(HEADERS),$(word 2,$(subst /, ,$f))))

# LAYERS (all folders, lowest first) and CLOSURE_<folder> (all it may include, itself last).
-include build/layers.mk
build/layers.mk: src/LAYERS test/tools/layers.py
	@$(PYTHON) test/tools/layers.py --make > $@.$$$$ && mv $@.$$$$ $@
src/LAYERS: ;
closure = $(filter $(FOLDERS),$(if $(filter $1,$(LAYERS)),$(CLOSURE_$1),$(LAYERS) $1))

# Files of embedded/ are turned into sources of a folder. A rules.mk there may
#   - add to GEN_SRCS_<folder> and GEN_HDRS_<folder> files below $(GEN) (include path: "api/x.h" is
#     $(GEN)/api/x.h) and give the rules that make them; prefix a recipe that writes there with $(LOCKED);
#   - $(eval $(call embed_blob,<folder>,<name>,<file>)): the bytes of <file> become
#     `std::string_view skerry::embedded::<name>()`, declared in "embedded/<name>.h".
define embed_blob
GEN_SRCS_$1 += $(GEN)/embedded/$2.S
GEN_HDRS_$1 += $(GEN)/embedded/$2.h
$(GEN)/embedded/$2.S: test/tools/embed.sh
	@mkdir -p $(GEN)/embedded; test/tools/embed.sh asm $2 $3 > $$@.$$$$$$$$; mv $$@.$$$$$$$$ $$@
$(GEN)/embedded/$2.h: test/tools/embed.sh
	@mkdir -p $(GEN)/embedded; test/tools/embed.sh header $2 > $$@.$$$$$$$$; mv $$@.$$$$$$$$ $$@
$(OBJ)/gen/embedded/$2.o: $3
endef
include $(wildcard embedded/*/rules.mk)

# A folder's files: sources, tests, fuzz targets, objects.
lib_srcs = $(filter-out %_test.cc %_fuzz.cc,$(filter src/$1/%,$(SRC)))
test_srcs = $(filter src/$1/%_test.cc,$(SRC))
objects = $(addprefix $(OBJ)/,$(addsuffix .o,$(basename $1)))
gen_objects = $(patsubst $(GEN)/%,$(OBJ)/gen/%.o,$(basename $(GEN_SRCS_$1)))
lib_objs = $(call objects,$(call lib_srcs,$1)) $(call gen_objects,$1)
gen_headers = $(foreach f,$(call closure,$1),$(GEN_HDRS_$f))
libs = $(foreach f,$1,$(B)/lib$f.a)
# httplib and curl are needed by whoever may use the http folder.
http_libs = $(if $(filter http,$1),$(TP)/lib/libhttplib.a $(TP)/lib/libcurl.a)
http_headers = $(if $(filter http,$1),$(TP)/include/httplib.h $(TP)/include/curl/curl.h)

# $(call remember,file,text): write text to file if it differs, so that what depends on it is made again.
same = $(and $(findstring x$1x,x$2x),$(findstring x$2x,x$1x))
remember = $(if $(call same,$(if $(wildcard $1),$(file <$1),new),$(strip $2)),,$(file >$1,$(strip $2)))
$(call remember,$(B)/flags,$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(CFLAGS) $(LDFLAGS))

# ---- compiling ------------------------------------------------------------------------------------

# Folders whose speed is that of disk, kernel and network are compiled for size: 2.4 MB less to keep on flash and in memory.
# For api and apiserver (0.9 MB of it) the server's processor time per create, get, patch and watch event was measured
# to be the same within noise.
COLD := admission agent api apiserver app auth client controllers dns kubeconfig kubectl kustomize network os output \
        proxy runtime scheduler
# Files of the other folders that no request of the API passes.
COLD_FILES := $(foreach f,channels dial proxy socket_stream spdy stream_client upgrade websocket,http/$f) \
              $(foreach f,yaml yaml_emit yaml_scalar,json/$f)
# -Os calls even what is smaller than the call once its arguments are known, as the length of a literal.
SMALL := -Os --param max-inline-insns-size=1
ifeq ($(V),release)
$(foreach f,$(COLD_FILES),$(eval $(OBJ)/src/$f.o: CXXFLAGS += $(SMALL)))
$(foreach f,$(COLD),$(eval $(OBJ)/src/$f/%.o: CXXFLAGS += $(SMALL)))
endif

# The target in the dependency file is written as $(OBJ)/..., so that ccache's copy fits every build root.
DEPFLAGS = -MMD -MP -MF $(@:.o=.d) -MT '$$(OBJ)/$(patsubst $(OBJ)/%,%,$@)'
define compile_cxx
	@mkdir -p $(@D); echo "  CXX  $<"
	$(Q)$(CCACHE) $(CXX) $(CPPFLAGS) $(CXXFLAGS) $(DEPFLAGS) -c $< -o $@
endef
define compile_c
	@mkdir -p $(@D); echo "  CC   $<"
	$(Q)$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -c $< -o $@
endef
$(OBJ)/%.o: %.cc $(B)/flags
	$(compile_cxx)
$(OBJ)/%.o: %.c $(B)/flags
	$(compile_c)
$(OBJ)/gen/%.o: $(GEN)/%.cc $(B)/flags
	$(compile_cxx)
$(OBJ)/gen/%.o: $(GEN)/%.c $(B)/flags
	$(compile_c)
$(OBJ)/gen/%.o: $(GEN)/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@
%.h: ;
$(B)/flags: ;
-include $(wildcard $(patsubst %.o,%.d,$(call objects,$(filter %.cc %.c,$(FILES))) $(foreach f,$(FOLDERS),$(call gen_objects,$f))))

# ---- a folder: its library and its tests ------------------------------------------------------------

define link
	@echo "  LINK $@"
	$(Q)$(CXX) $(LDFLAGS) -o $@ $(LINK_FIRST) $(filter %.o,$^) -Wl,--start-group $(filter-out $(LEAN),$(filter %.a,$^)) -Wl,--end-group $(SYSTEM_LIBS)
endef

define folder_rules
.PHONY: lib-$1 test-$1
lib-$1: $(B)/lib$1.a
$(B)/lib$1.a: $(call lib_objs,$1) $(B)/lib$1.list
	@rm -f $$@; $(TOOL)ar rcsD $$@ $$(filter %.o,$$^)
$$(call remember,$(B)/lib$1.list,$(call lib_objs,$1))
$(B)/lib$1.list: ;
$(OBJ)/src/$1/.none $(call lib_objs,$1) $(call objects,$(filter src/$1/%_test.cc src/$1/%_fuzz.cc,$(SRC))): | \
  $(call gen_headers,$1) $(call http_headers,$(call closure,$1))
endef
define folder_test_rules
UNIT_TESTS += $(B)/test_$1
$(B)/test_$1: $(call objects,$(call test_srcs,$1)) $(OBJ)/test/tools/doctest_main.o \
  $(call libs,$(call closure,$1)) $(call http_libs,$(call closure,$1))
	$$(link)
test-$1: $(B)/test_$1 $(if $(CROSS),build/test-tools/bin/qemu-arm-static)
	@$(RUN_TEST) $(B)/test_$1 $(TEST_ARGS)
endef
define folder_no_test_rules
test-$1: lib-$1
	@echo "src/$1 has no unit tests"
endef
# Address space randomisation with many bits confuses the thread sanitizer of gcc 12.
RUN_TEST := $(if $(filter tsan,$(V)),setarch -R)$(if $(CROSS),build/test-tools/bin/qemu-$(firstword $(subst -, ,$(TRIPLE)))-static)
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$f)))
$(foreach f,$(FOLDERS),$(eval $(call folder$(if $(call test_srcs,$f),,_no)_test_rules,$f)))

# ---- the executable ---------------------------------------------------------------------------------

.PHONY: skerry
skerry: $(B)/skerry
# Of a template that several folders use the linker keeps the copy it meets first: the hot folders' faster ones.
# Without that a get takes 15 % more instructions.
$(B)/skerry.full: LINK_FIRST = -Wl,--start-group $(call libs,json base registry store http) -Wl,--end-group
$(B)/skerry.full: $(call lib_objs,app) $(call libs,$(filter-out app,$(FOLDERS))) $(call http_libs,$(FOLDERS))
	$(link)
ifeq ($(V),release)
# No exception passes through these C libraries, so their tables for unwinding stay out: 0.75 MB. SQLite is built without
# what nothing asks for: 0.6 MB (a quarter of it libm, in a version for every kind of processor). Told by inode and change time whether a package was updated: its files may be older than what was made of their
# predecessors.
# Besides, functions with the same code are kept once (--icf, 0.45 MB): nothing here compares addresses of functions.
LEAN := $(patsubst %,$(B)/lean/lib%.a,crypto ssl bpf elf zstd z)
ICF := -Wl,--icf=all,-O2
# What runs at start stands together: `kubectl version --client` touches 2.5 MB fewer pages of the file (10.3 -> 7.8 MB at its peak).
TOGETHER := -Wl,-z,keep-text-section-prefix
$(B)/skerry.full: $(LEAN) $(TP)/lib/libsqlite3.a
$(B)/skerry.full: LDFLAGS += -L$(B)/lean $(if $(LINKER),$(ICF) $(TOGETHER))
$(LEAN): $(B)/lean/%: always | $(SYSROOT:%=%/.made)
	@mkdir -p $(@D); of=$$(stat -L -c '%n %i %s %Z' $(SYSROOT)/usr/lib/$(TRIPLE)/$*); \
	if [ "$$of" != "$$(cat $@.of 2>/dev/null)" ]; then \
	  $(TOOL)objcopy --remove-section .eh_frame $(SYSROOT)/usr/lib/$(TRIPLE)/$* $@.$$$$; mv $@.$$$$ $@; echo "$$of" >$@.of; fi
$(B)/skerry: $(B)/skerry.full
	$(Q)$(TOOL)objcopy --only-keep-debug $< $@.debug
	$(Q)$(TOOL)objcopy --strip-all --add-gnu-debuglink=$@.debug $< $@.tmp && mv $@.tmp $@
else
$(B)/skerry: $(B)/skerry.full
	$(Q)ln -f $< $@
endif

# ---- tests ------------------------------------------------------------------------------------------

# Integration programs start the real executable ($SKERRY). Each folder test/<suite>/ with *_test.cc is one
# program it_<suite>; test/harness/ is linked into all of them. Scripts named test/<suite>/*_test.sh run too.
# test/bench/ holds the benchmarks: its sources are one program, and test/bench/run is what `make bench` starts.
# A test/<suite>/rules.mk may add more targets (## comments make them appear in `make help`).
HARNESS := $(filter test/harness/%.cc,$(FILES))
SUITES := $(sort $(foreach f,$(filter test/%_test.cc,$(FILES)),$(word 2,$(subst /, ,$f))))
SUITE_FOLDERS := $(sort $(call closure,client) $(call closure,kubeconfig)) $(filter os,$(FOLDERS))
BENCH := $(filter test/bench/%.cc,$(FILES))
define suite_rules
$(B)/$2: $(call objects,$(HARNESS) $(filter test/$1/%.cc,$(FILES))) $3 \
  $(call libs,$(sort $(SUITE_FOLDERS))) $(call http_libs,$(SUITE_FOLDERS))
	$$(link)
$(call objects,$(HARNESS) $(filter test/$1/%.cc,$(FILES))): | \
  $(foreach f,$(SUITE_FOLDERS),$(GEN_HDRS_$f)) $(call http_headers,$(SUITE_FOLDERS))
endef
$(foreach s,$(SUITES),$(eval $(call suite_rules,$s,it_$s,$(OBJ)/test/tools/doctest_main.o)))
$(if $(BENCH),$(eval $(call suite_rules,bench,bench)))
INTEGRATION := $(SUITES:%=$(B)/it_%)
INTEGRATION_SCRIPTS := $(sort $(wildcard test/*/*_test.sh))

# Programs and images for the tests, kept beside the third-party builds.
TEST_TOOLS := build/test-tools
TEST_IMAGES := $(TEST_TOOLS)/images/busybox.tar
.PHONY: test-tools images
test-tools: images $(TEST_TOOLS)/bin/kubectl ## kubectl 1.20, 1.32, 1.36 and docker-registry, unpacked from Debian packages
images: $(TEST_IMAGES) ## small container images made from busybox-static, in build/test-tools/images
$(TEST_TOOLS)/bin/kubectl: test/tools/fetch_tools.sh
	@echo "  GET  kubectl, docker-registry"; test/tools/fetch_tools.sh $(TEST_TOOLS) $(SKERRY_THIRD_PARTY_DIR) && touch -h $@
$(TEST_IMAGES): test/tools/make_images.py
	@echo "  IMG  $(@D)"; test/tools/make_images.py $(@D)

# User-mode emulators, for the executables and unit tests of other architectures.
QEMU := $(TEST_TOOLS)/bin/qemu-arm-static
$(QEMU): test/tools/fetch_tools.sh
	@echo "  GET  qemu-user-static"; test/tools/fetch_tools.sh $(TEST_TOOLS) $(SKERRY_THIRD_PARTY_DIR) qemu && touch $@

.PHONY: test test-unit integration test-kubectl-132 bench fuzz asan tsan ubsan
RUN_TESTS = SKERRY=$(abspath $(B)/skerry) TEST_TOOLS=$(abspath $(TEST_TOOLS)) test/tools/run_tests.sh
NEEDED_BY_TESTS := $(if $(INTEGRATION)$(INTEGRATION_SCRIPTS),test-tools)
test: skerry $(UNIT_TESTS) $(INTEGRATION) $(if $(BENCH),$(B)/bench) $(NEEDED_BY_TESTS) ## build all, run unit tests and the integration programs
	@$(RUN_TESTS) $(UNIT_TESTS) $(INTEGRATION) $(INTEGRATION_SCRIPTS)
test-unit: $(UNIT_TESTS) ## the unit tests of all folders
	@RUN='$(RUN_TEST)' $(RUN_TESTS) $(UNIT_TESTS)
integration: skerry $(INTEGRATION) $(NEEDED_BY_TESTS) ## programs under test/ that drive the real executable (root)
	@$(RUN_TESTS) $(INTEGRATION) $(INTEGRATION_SCRIPTS)
test-kubectl-132: skerry test-tools ## our client beside the stock one of 1.32 on every area (make test: 1.36, and 1.32 on one)
	@AREAS='$(AREAS)' KUBECTL_VERSION=1.32 SKERRY=$(abspath $(B)/skerry) TEST_TOOLS=$(abspath $(TEST_TOOLS)) test/kubectl/differential_test.sh
bench: skerry $(if $(BENCH),$(B)/bench) test-tools ## the figures of docs/performance.md
	@SKERRY=$(abspath $(B)/skerry) BENCH=$(abspath $(B)/bench) TEST_TOOLS=$(abspath $(TEST_TOOLS)) test/bench/run
asan tsan ubsan: ## the unit tests under a sanitizer
	@$(MAKE) V=$@ test-unit

# Fuzz targets src/<folder>/<name>_fuzz.cc define LLVMFuzzerTestOneInput. Found inputs gather in build/corpus.
FUZZ := $(filter src/%_fuzz.cc,$(FILES))
fuzz: ## every fuzz target for FUZZ_SECONDS (default 5) each
	@$(MAKE) V=fuzz fuzz-run
ifeq ($(V),fuzz)
fuzz_name = fuzz_$(subst /,_,$(patsubst src/%_fuzz.cc,%,$1))
FUZZ_PROGRAMS := $(foreach f,$(FUZZ),$(B)/$(call fuzz_name,$f))
define fuzz_rules
$(B)/$(call fuzz_name,$1): $(call objects,$1) $(call libs,$(call closure,$(word 2,$(subst /, ,$1)))) \
  $(call http_libs,$(call closure,$(word 2,$(subst /, ,$1))))
	$$(link) -fsanitize=fuzzer
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rules,$f)))
.PHONY: fuzz-run
fuzz-run: $(FUZZ_PROGRAMS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) test/tools/run_fuzz.sh build/corpus $(FUZZ_PROGRAMS)
endif

# ---- keeping the code in order ------------------------------------------------------------------------

.PHONY: lint lint-headers lint-clang lint-tidy format format-check layers
LINT := build/lint
CLANG_CHECK = $(CLANGXX) $(CPPFLAGS) -std=c++20 -Wall -Wextra -Wno-unused-command-line-argument
HANDWRITTEN := $(filter src/%.cc test/%.cc,$(FILES))
lint: layers lint-headers lint-clang lint-tidy ## layers, self-contained headers, clang's warnings, clang-tidy
lint-headers: $(HEADERS:%=$(LINT)/%.ok)
lint-clang: $(HANDWRITTEN:%=$(LINT)/%.clang)
lint-tidy: $(HANDWRITTEN:%=$(LINT)/%.tidy)
$(HEADERS:%=$(LINT)/%.ok): $(LINT)/%.ok: % | $(foreach f,$(FOLDERS),$(GEN_HDRS_$f)) $(TP)/include/httplib.h
	@mkdir -p $(@D); echo "  HDR  $<"
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -fsyntax-only -x c++ -include $< /dev/null && touch $@
$(LINT)/%.clang: % | $(foreach f,$(FOLDERS),$(GEN_HDRS_$f)) $(TP)/include/httplib.h
	@mkdir -p $(@D); echo "  CLNG $<"
	$(Q)$(CLANG_CHECK) -Wthread-safety -fsyntax-only -MMD -MP -MF $@.d -MT $@ $< && touch $@
$(LINT)/%.tidy: $(LINT)/%.clang .clang-tidy
	@echo "  TIDY $*"
	$(Q)clang-tidy --quiet $* -- $(CPPFLAGS) -std=c++20 >$@.log 2>&1 || { grep -v 'warnings generated' $@.log; exit 1; }; touch $@
ifneq ($(filter lint%,$(MAKECMDGOALS)),)
-include $(HANDWRITTEN:%=$(LINT)/%.clang.d)
$(LINT)/%.d: ;
endif
format: ## clang-format everything written by hand
	@clang-format -i $(FILES)
format-check: ## does clang-format find nothing to do?
	@clang-format --dry-run -Werror $(FILES)
layers: ## do the #includes keep to src/LAYERS?
	@$(PYTHON) test/tools/layers.py

# ---- third-party libraries and packages -------------------------------------------------------------

# Built once from Debian's source packages, pinned by version (embedded/third_party/*.sh), kept by `make clean`.
.PHONY: third_party deps
third_party: $(TP)/lib/libhttplib.a $(TP)/lib/libcurl.a $(TP)/lib/libsqlite3.a $(TP)/bin/crun ## build httplib, curl, SQLite and crun from Debian's sources
# What is compiled for another machine needs its headers and libraries first.
ifdef CROSS
IN_TP := SKERRY_TRIPLE=$(TRIPLE) SKERRY_SHARED_DIR=$(SKERRY_THIRD_PARTY_DIR)
$(SYSROOT)/.made: embedded/third_party/sysroot.sh embedded/third_party/source.sh
	@echo "  GET  headers and libraries for $(ARCH)"; $(IN_TP) embedded/third_party/sysroot.sh $(TP) $(ARCH)
$(TP)/lib/libcurl.a $(TP)/lib/libsqlite3.a $(TP)/bin/crun $(TP)/lib/httplib.cc $(TP)/include/httplib.h: | $(SYSROOT)/.made
endif
$(TP)/include/httplib.h $(TP)/lib/httplib.cc &: embedded/third_party/httplib.sh embedded/third_party/source.sh
	@echo "  GET  httplib"; $(IN_TP) embedded/third_party/httplib.sh $(TP)
$(TP)/lib/libhttplib.a: $(TP)/lib/httplib.cc $(TP)/include/httplib.h
	@echo "  LIB  httplib"
	$(Q)$(CCACHE) $(TOOL)g++ -std=c++20 -O2 -ffunction-sections -fdata-sections -fno-pie $(HTTPLIB_DEFINES) $(ARCH_CPPFLAGS) \
	  -I$(TP)/include -c $< -o $@.$$$$.o; $(TOOL)ar rcsD $@.$$$$ $@.$$$$.o; rm $@.$$$$.o; mv $@.$$$$ $@
$(TP)/lib/libcurl.a $(TP)/include/curl/curl.h &: embedded/third_party/curl.sh embedded/third_party/source.sh
	@echo "  LIB  curl (takes a minute, once)"; $(IN_TP) embedded/third_party/curl.sh $(TP)
$(TP)/lib/libsqlite3.a: embedded/third_party/sqlite.sh embedded/third_party/source.sh
	@echo "  LIB  SQLite"; $(IN_TP) embedded/third_party/sqlite.sh $(TP)
$(TP)/bin/crun: embedded/third_party/crun.sh embedded/third_party/source.sh
	@echo "  EXE  crun (takes two minutes, once)"; $(IN_TP) embedded/third_party/crun.sh $(TP)
embedded/third_party/%.sh: ;
test/tools/%: ;

deps: ## install the Debian packages that the build and the tests need (root)
	@test/tools/deps.sh

.PHONY: clean
clean: ## remove all outputs except the third-party builds
	@find build -mindepth 1 -maxdepth 1 ! -name third_party ! -name test-tools ! -name corpus -exec rm -rf {} + 2>/dev/null || true

include $(wildcard test/*/rules.mk)

# ---- help -------------------------------------------------------------------------------------------

help: ## this list
	@echo "make [V=release|debug|asan|tsan|ubsan] [O=build] [target]"; echo
	@echo "  lib-<folder>     build one folder's library"
	@echo "  test-<folder>    build and run one folder's unit tests (TEST_ARGS='-tc=*name*' selects)"
	@sed -n 's/^\([a-z_-]*\):[^#=]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  %-16s %s\n", $$1, $$2}'
