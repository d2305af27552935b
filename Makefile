# Thin: what each target does is in the tools it calls.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help run dev test check check-integration crash bench docs lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

run: .venv/run ## start Crossdock with sandbox data on http://127.0.0.1:8080
	@$(BIN)/crossdock dev

dev: .venv/dev ## install what tests and tools need, without running them
	@echo "Installed into .venv. Next: make test, make check, make check-integration NAME=..."

test: .venv/dev ## the whole suite, on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n 3 --dist loadfile

crash: .venv/dev ## 220 kills of workers and 100 of servers on each database, then all is compared
	@CROSSDOCK_CRASH_KILLS=100 CROSSDOCK_CRASH_SEEDS=11,12 $(BIN)/python -m pytest tests/journeys/test_crash.py tests/journeys/test_crash_server.py -q -o faulthandler_timeout=0
	@CROSSDOCK_CRASH_KILLS=20 $(BIN)/python -m pytest tests/journeys/test_webhook_crash.py -q -o faulthandler_timeout=0

check: .venv/dev ## lint, format, types, layers, structure, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.structure --check
	@$(BIN)/python -m crossdock.api.openapi | cmp - docs/openapi.json
	@$(BIN)/python -m tools.systems | cmp - docs/systems.md

check-integration: .venv/dev ## the contract of one integration: make check-integration NAME=blue_box
	@test -n "$(NAME)" || { echo "Say which: make check-integration NAME=blue_box"; exit 2; }
	@test -d "crossdock/integrations/$(subst -,_,$(NAME))" || { echo "There is no folder crossdock/integrations/$(subst -,_,$(NAME)). To make it: .venv/bin/crossdock new-integration $(subst -,_,$(NAME)) --type wms"; exit 2; }
	@$(BIN)/ruff check crossdock/integrations/$(subst -,_,$(NAME))
	@$(BIN)/python -m pytest $(wildcard tests/contracts/test_integration*.py) $(wildcard tests/integrations/$(subst -,_,$(NAME))) $(if $(wildcard tests/integrations/$(subst -,_,$(NAME))/mock.py tests/integrations/$(subst -,_,$(NAME))/*/mock.py),tests/journeys/test_every_vendor.py tests/journeys/test_vendor_journeys.py) -k "$(subst _,-,$(NAME)) or $(subst -,_,$(NAME))" -q

bench: .venv/bench ## the benchmarks; make bench ONLY=reads for one
	@$(BIN)/python -m bench $(ONLY)

docs: .venv/dev ## write docs/openapi.json and docs/systems.md anew
	@$(BIN)/python -m crossdock.api.openapi > docs/openapi.json
	@$(BIN)/python -m tools.systems > docs/systems.md

lock: .venv/dev ## write the lock files anew from pyproject.toml
	@for one in "--group build:requirements.txt" \
		"--group dev --extra redis -c requirements.txt:requirements-dev.txt" \
		"--group bench -c requirements-dev.txt:requirements-bench.txt"; do \
		$(BIN)/uv pip compile pyproject.toml $${one%:*} -o $${one##*:} \
			--generate-hashes --universal --python-version 3.11 --no-header --quiet || exit 1; \
	done

clean: ## remove what was installed and made here, not the data
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Installing: each stamp is newer than the lock file that it was installed from.
.venv/run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python 3.11 with venv is needed: apt-get install python3-venv"; exit 1; }
	@echo "Installing what Crossdock needs into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	@echo "Installing what the tests need into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.venv/bench: .venv/dev requirements-bench.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@
