# crun travels inside the executable, compressed: skerry::embedded::crun_zst(), declared in "embedded/crun_zst.h".
$(GEN)/embedded/crun.zst: $(TP)/bin/crun embedded/crun/rules.mk
	@mkdir -p $(@D); zstd -q -19 -f $< -o $@.$$$$ && mv $@.$$$$ $@
embedded/crun/%: ;
$(eval $(call embed_blob,runtime,crun_zst,$(GEN)/embedded/crun.zst))
