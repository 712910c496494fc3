# Notices of all third-party parts: skerry::embedded::licenses_zst(), declared in "embedded/licenses_zst.h".
$(GEN)/embedded/licenses.zst: embedded/licenses/collect.sh LICENSE $(TP)/bin/crun $(TP)/lib/libcurl.a $(TP)/lib/libhttplib.a
	@mkdir -p $(@D); sh embedded/licenses/collect.sh $(TP) $(SYSROOT) | zstd -q -19 -f - -o $@.$$$$ && mv $@.$$$$ $@
embedded/licenses/%: ;
LICENSE: ;
$(eval $(call embed_blob,app,licenses_zst,$(GEN)/embedded/licenses.zst))
