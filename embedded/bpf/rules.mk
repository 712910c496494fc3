# eBPF programs: embedded/bpf/<name>.bpf.c becomes an ELF object without debug information (BTF stays) and is
# embedded in the proxy folder as skerry::embedded::<name>_bpf(), declared in "embedded/<name>_bpf.h".
# C structs shared with user space: a header in src/proxy, included as "proxy/...".
BPF := $(patsubst embedded/bpf/%.bpf.c,%,$(wildcard embedded/bpf/*.bpf.c))
LLVM_STRIP ?= llvm-strip
BPF_ARCH := $(patsubst armhf,arm,$(patsubst amd64,x86,$(ARCH)))
BPF_CFLAGS := -O2 -g -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -fdebug-compilation-dir=. -Isrc -I$(SYSROOT)/usr/include/$(TRIPLE) $(SYSROOT:%=-I%/usr/include) -Wall -Werror

$(GEN)/bpf/%.bpf.o: embedded/bpf/%.bpf.c embedded/bpf/rules.mk
	@mkdir -p $(@D); echo "  BPF  $<"
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.$$$$ && $(LLVM_STRIP) -g $@.$$$$ && mv $@.$$$$ $@
embedded/bpf/%: ;
-include $(wildcard $(GEN)/bpf/*.d)
$(foreach b,$(BPF),$(eval $(call embed_blob,proxy,$b_bpf,$(GEN)/bpf/$b.bpf.o)))
