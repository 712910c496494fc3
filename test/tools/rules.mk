# A machine with control groups v2 only, in qemu. Not a part of `make test`: it fetches a kernel and takes some minutes.
.PHONY: test-cgroup2
test-cgroup2: $(B)/skerry $(B)/test_os $(B)/test_runtime test-tools ## Skerry on a kernel with control groups v2 only, in a virtual machine (needs qemu-system-x86)
	@test/tools/cgroup2_vm.sh $(B)/skerry $(TEST_TOOLS)/images $(TEST_TOOLS)/bin/kubectl-1.20 $(TEST_TOOLS)/cgroup2 \
	  $(B)/test_os $(B)/test_runtime
