# The two commands: `make demo` and `make test`. Each sets up all that it needs; nothing else is ever needed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

NODE := node --import tsx
# What the demo starts besides the switchover, and whether it stays up: make demo ONLY=redis.switchover KEEP=1
export ONLY KEEP

.PHONY: help demo test check sweep bench setup setup-demo setup-test fixtures clean

help: ## Shows the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup-demo ## A real Redis primary under write load is handed over, then killed and replaced (ONLY=redis.failover, ONLY=clickhouse, KEEP=1)
	@$(NODE) src/cli/demo/main.ts

test: setup-test ## All tests on real parts, types and lint first
	@$(MAKE) --no-print-directory types lint
	@npx --no-install vitest run --reporter=default --reporter=json --outputFile.json=.gantry/test-results.json

check: setup ## The fast loop: types, lint, bundle and the tests that need no server
	@$(MAKE) --no-print-directory types lint
	@npm run --silent bundle >/dev/null
	@npx --no-install vitest run --project unit

.PHONY: types lint
types:
	@npm run --silent typecheck
lint:
	@npm run --silent lint

sweep: setup-test ## The whole kill sweep: make sweep ONLY=redis.switchover
	@$(NODE) test/sweep/main.ts $(ONLY)

fixtures: setup-test ## Records the replay fixtures anew (after a deliberate change of workflow code)
	@$(NODE) test/histories/record.ts

bench: setup-test ## A benchmark: make bench NAME=redis-switchover
	@npm run --silent bench -- $(NAME)

setup: node_modules/.package-lock.json
setup-demo: setup
	@scripts/setup-redis.sh
	@scripts/setup-temporal.sh
	@if [ "$(ONLY)" = clickhouse ]; then scripts/setup-clickhouse.sh; fi
setup-test: setup-demo
	@scripts/setup-time-skipping.sh
	@scripts/setup-ssh.sh || echo 'tests that need an sshd are skipped' >&2
	@scripts/setup-bmc.sh || echo 'tests that need a BMC are skipped' >&2
	@scripts/setup-nft.sh || echo 'tests that need nftables are skipped' >&2
	@scripts/setup-clickhouse.sh || echo 'tests that need ClickHouse are skipped' >&2
	@scripts/setup-clickhouse-modern.sh || echo 'tests that need a modern ClickHouse are skipped' >&2
	@scripts/setup-valkey.sh || echo 'tests that need Valkey 9 are skipped' >&2

node_modules/.package-lock.json: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## Removes what was built here (the caches under ~/.cache/gantry stay)
	rm -rf node_modules .gantry
