# What this build is, declared in "embedded/version.h" and defined in the kubectl folder's library, so that a commit
# compiles one small file.
SKERRY_VERSION ?= 0.1.0
.PHONY: always
$(GEN)/embedded/version.h: embedded/version/rules.mk
	@mkdir -p $(@D); printf '%s\n' '// Generated: what this build is.' '#pragma once' '' \
	  'namespace skerry::embedded {' \
	  'extern const char* const kVersion;         // "0.1.0", "0.1.0-dirty" if sources differ from the commit' \
	  'extern const char* const kGitCommit;       // full hash, empty if built outside git' \
	  'extern const char* const kGitTreeState;    // "clean" or "dirty"' \
	  'extern const char* const kCommitDate;      // of that commit, RFC 3339 in UTC' \
	  'extern const char* const kCompiler;        // "g++ 12.2.0"' \
	  'extern const char* const kLibraries;       // "OpenSSL 3.0.20-1, SQLite 3.40.1-2, ...": Debian package versions' \
	  '}  // namespace skerry::embedded' > $@.$$$$ && mv $@.$$$$ $@
$(GEN)/embedded/version.cc: always | $(TP)/lib/libcurl.a $(TP)/lib/libhttplib.a $(TP)/bin/crun
	@mkdir -p $(@D); embedded/version/version.sh $(SKERRY_VERSION) $(TP) $(SYSROOT) > $@.$$$$; \
	  cmp -s $@.$$$$ $@ && rm $@.$$$$ || mv $@.$$$$ $@
embedded/version/%: ;
GEN_SRCS_kubectl += $(GEN)/embedded/version.cc
GEN_HDRS_kubectl += $(GEN)/embedded/version.h
