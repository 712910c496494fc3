# The small Debian that the tests of install.sh run in. Without it they are skipped.
test-tools: $(TEST_TOOLS)/clean-root/stamp
$(TEST_TOOLS)/clean-root/stamp: test/install/make_root.sh
	@echo "  GET  a clean Debian for the tests of install.sh"; test/install/make_root.sh $(@D) $(TP) && touch $@ || echo "  (not fetched: those tests will be skipped)"
