# A release for every architecture, and the emulator that shows that the foreign ones work.
DIST ?= dist
DIST_ARCHES ?= $(ARCHES)
.PHONY: dist deps-dist test-dist
deps-dist: ## install the cross compilers that `make dist` needs (root)
	@test/tools/deps.sh dist
# One architecture after the other: they share the locks of third-party builds and of generated code.
dist: ## static executables for amd64, arm64 and armhf, checksums and air-gap archives in dist/
	@for a in $(DIST_ARCHES); do $(MAKE) V=release ARCH=$$a skerry || exit 1; done
	@test/tools/make_dist.sh $(DIST) $(foreach a,$(DIST_ARCHES),$a=$(O)/release$(if $(filter $(NATIVE),$a),,-$a)/skerry=build/gen$(if $(filter $(NATIVE),$a),,-$a)/embedded/licenses.zst)
test-dist: test-tools $(QEMU) ## try what `make dist` has built, arm64 and armhf in user-mode emulation
	@DIST=$(abspath $(DIST)) DIST_WANTED=1 $(RUN_TESTS) test/dist/dist_test.sh
