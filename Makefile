# PYTHON=... names the Python to use; without it, the first of python3, python3.13, python3.12, python3.11
# that is 3.11 or newer.
export PYTHON

BIN := .venv/bin
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup servers packages test lint format demo bench wheel lock clean
.NOTPARALLEL:

help: ## Print the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## Make .venv from the lock files, where something changed
	@tools/setup

servers: setup ## Build bjoern and mod_wsgi from their lock files, where something changed
	@tools/setup servers

packages: ## Install the Debian packages the tests need (as root; otherwise says which are missing)
	@tools/system-packages

test: packages setup servers lint ## Set up and run everything CI runs: linters, types, import contracts, tests
	@$(BIN)/pytest --numprocesses 3 --dist loadfile -m "not quiet" $(PYTEST_ARGS)
	@$(BIN)/pytest -m quiet $(PYTEST_ARGS)

lint: setup ## Check style, formatting, types and import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

format: setup ## Format the code and fix what the linter can fix
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

demo: setup ## Measure the quick-start scenario and write its report to reports/
	@$(BIN)/bench run scenarios/quickstart.yaml

bench: packages setup servers ## Check our own claims, and write what is found into docs/benchmarks.md (two and a half hours, quiet machine)
	@for name in precision against_wrk generator_ceiling framing open_loop known_latency endurance \
	    two_processes request_cost twins five_percent regression_check many_deployments; do \
	  $(BIN)/python -m benchmarks.$$name --write docs/benchmarks.md || exit; done

wheel: setup ## Build the wheel into dist/ and try it in an environment of its own
	@tools/wheel

lock: ## Resolve the newest versions and write the lock files (needs the package index)
	@$${PYTHON:-python3.11} tools/lock.py

clean: ## Remove what set-up, tests and builds made; results and reports stay
	@rm -rf .venv .setup build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find bench apps tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
