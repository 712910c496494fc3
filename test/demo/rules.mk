# The first run: a cluster of one node on this machine, with a demo in it. See test/demo/up.
.PHONY: up down demo demo-state
up: ## build, bring up a single-node cluster, run the demo in it (root)
	@test/demo/up
down: ## take that cluster down and leave nothing behind (root)
	@test/demo/down
demo: ## the demo once more on the running cluster: deploy, wait, ask
	@test/demo/demo
# `make clean` must not remove the data of a cluster that runs.
clean: demo-state
demo-state:
	@[ ! -e build/demo/skerry.pid ] || test/demo/down
