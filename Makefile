# The two commands: `make demo` and `make test`. Each sets up all that it needs; nothing else is ever needed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

NODE := node --import tsx
# What the demo starts besides the switchover, whether it shows everything, and whether it stays up: make demo ONLY=redis.switchover KEEP=1
export ONLY ALL KEEP

.PHONY: help demo test test-all check check-lts sweep bench setup setup-demo setup-test fixtures clean

help: ## Shows the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup-demo ## A real Redis primary under write load is handed over, then killed and replaced (ONLY=redis.failover, ONLY=clickhouse, ONLY=archive, ONLY=host, ONLY=region, ALL=1, KEEP=1)
	@$(NODE) demo/main.ts

test: setup ## All tests on real parts, types and lint first; the times by domain at its end
	@$(together) types lint $(parts)
	@$(NODE) test/all/main.ts

test-all: setup ## What `make test` runs, and what it leaves out: whole variants, what measures time, the large parts of the lab
	@$(together) types lint $(parts) $(large)
	@$(NODE) test/all/main.ts --all

check: setup ## The fast loop: types, lint, bundle and the tests that need no server
	@$(MAKE) --no-print-directory types lint
	@npm run --silent bundle >/dev/null
	@npx --no-install vitest run --project unit

check-lts: setup ## `make check` under another Node, the current LTS unless given (LTS=24)
	@PATH="$$(scripts/setup-node.sh $(LTS)):$$PATH" $(MAKE) --no-print-directory check

.PHONY: types lint
types:
	@npm run --silent typecheck
lint:
	@npm run --silent lint

sweep: setup-test ## The whole kill sweep: make sweep ONLY=redis.switchover
	@$(NODE) test/sweep/main.ts $(ONLY)

fixtures: setup-test ## Records the replay fixtures again (after a deliberate change of workflow code)
	@$(NODE) test/histories/record.ts
	@GANTRY_RECORD=1 npx vitest run --project lab test/histories/lists.record.test.ts

bench: setup-test ## A benchmark: make bench NAME=redis-switchover
	@npm run --silent bench -- $(NAME)

# Each part of the lab is set up beside the others. Where an optional one cannot be had its tests are skipped; with
# GANTRY_LAB=required they fail.
together = $(MAKE) --no-print-directory --jobs --output-sync=line
required := setup-redis setup-temporal setup-time-skipping
optional := $(addprefix optional-,ssh bmc faketime nft clickhouse clickhouse-modern valkey s3 schemathesis registry prometheus)
large := $(addprefix optional-,kubernetes host-image temporal-server chromium compose)
parts := $(required) $(optional)
.PHONY: $(parts) $(large)
$(required):
	@scripts/$@.sh
$(optional) $(large): optional-%:
	@scripts/setup-$*.sh || echo 'what needs $* is left out' >&2

setup: node_modules/.package-lock.json
setup-demo: setup
	@$(together) setup-redis setup-temporal $(if $(filter clickhouse archive,$(ONLY)),setup-clickhouse-cluster) $(if $(filter archive,$(ONLY)),setup-object-store) $(if $(filter host,$(ONLY)),setup-hosts) $(if $(filter region,$(ONLY)),setup-regions) $(if $(ALL),$(addprefix optional-,clickhouse s3 kubernetes host-image))
.PHONY: setup-clickhouse-cluster setup-object-store setup-hosts setup-regions
setup-clickhouse-cluster:
	@scripts/setup-clickhouse.sh
setup-object-store:
	@scripts/setup-s3.sh
setup-hosts:
	@scripts/setup-host-image.sh
	@scripts/setup-kubernetes.sh
setup-regions:
	@scripts/setup-s3.sh
	@scripts/setup-kubernetes.sh
setup-test: setup
	@$(together) $(parts)

node_modules/.package-lock.json: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## Removes what was built here (the caches under ~/.cache/gantry stay)
	rm -rf node_modules .gantry
