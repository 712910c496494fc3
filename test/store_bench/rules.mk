# The store's and the registry's benchmark, in-process.
STORE_BENCH_FOLDERS := $(call closure,registry)
$(B)/store_bench: $(call objects,test/store_bench/store_bench.cc) $(call libs,$(STORE_BENCH_FOLDERS))
	$(link)
$(call objects,test/store_bench/store_bench.cc): | $(foreach f,$(STORE_BENCH_FOLDERS),$(GEN_HDRS_$f))
.PHONY: bench-store
bench-store: $(B)/store_bench ## writes per second of the store and the registry, without HTTP
	@$(B)/store_bench $(B)
