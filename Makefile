# The only front door. `make` or `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Most of the time goes by waiting for processes and clocks, so five workers keep two cores busy.
WORKERS ?= 5

# Some machines forbid byte code, and then every start of every process compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
export PYTHON

RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development

.PHONY: help demo test test-long chaos drills lint format docs dashboards alerts coverage golden bench lock tools clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

$(RUNTIME): requirements.lock pyproject.toml scripts/setup-venv
	@if test -f $(DEVELOPMENT); then \
		scripts/setup-venv $(VENV) requirements-dev.lock && touch $(DEVELOPMENT); \
	else \
		scripts/setup-venv $(VENV) requirements.lock; \
	fi
	@touch $@

$(DEVELOPMENT): requirements-dev.lock pyproject.toml scripts/setup-venv
	@scripts/setup-venv $(VENV) requirements-dev.lock
	@touch $(RUNTIME) $@

demo: $(RUNTIME) ## everything at once on this machine; ARGS="--duration 60s" stops by itself
	@$(BIN)/tickertape up $(ARGS)

# The serial part first: it writes the byte code of all tests once, and the workers read it.
test: lint ## lint and every kind of test, seeded and small
	$(BIN)/python -m pytest -m serial $(ARGS)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not serial" $(ARGS)

# Both parts, also when the first fails. What is judged by the clock comes alone, after the rest.
test-long: $(DEVELOPMENT) ## the full counts, printed as one table; about an hour and a quarter
	@rm -f .cache/counts.json
	@mkdir -p .cache
	@export TICKERTAPE_LONG=1 TICKERTAPE_COUNTS=.cache/counts.json; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not serial" $(ARGS); parallel=$$?; \
	$(BIN)/python -m pytest -m serial $(ARGS); serial=$$?; \
	test $$parallel = 0 && test $$serial = 0

chaos: $(DEVELOPMENT) ## ten minutes of random faults, kills and manual trades; ARGS="--seconds 60 --seed 7"
	PYTHONPATH=tests $(BIN)/python -m support.chaos $(ARGS)

drills: $(DEVELOPMENT) ## every fault until somebody is paged, and the table of it; ARGS="--only kill_bot"
	PYTHONPATH=tests:. $(BIN)/python -m support.drills $(ARGS)

lint: $(DEVELOPMENT) ## ruff, mypy strict, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(DEVELOPMENT) ## let ruff format and fix what it safely can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: $(DEVELOPMENT) ## the tests once more, counting the lines they reach, also in the processes they start
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term $(ARGS)

golden: $(DEVELOPMENT) ## rewrite the golden files; read the difference before committing
	TICKERTAPE_GOLDEN=1 $(BIN)/python -m pytest tests/golden $(ARGS)

docs: $(DEVELOPMENT) ## write docs/reference from the code
	PYTHONPATH=. $(BIN)/python scripts/generate_reference.py

dashboards: $(DEVELOPMENT) ## write dashboards/generated from the code
	$(BIN)/python -W ignore::DeprecationWarning -m dashboards

alerts: $(DEVELOPMENT) ## write alert rules, their tests and Alertmanager's files from the code
	$(BIN)/python -m alerts $(ARGS)

bench: $(DEVELOPMENT) ## the budgets of the design (docs/benchmarks.md), beside the floor measured in the same run
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## pin the newest versions that fit, with hashes and without addresses (needs uv)
	@command -v uv >/dev/null || { echo "make lock: needs uv on PATH (pip install uv)" >&2; exit 1; }
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

tools: ## unpack Prometheus and Alertmanager for the tests from Debian's packages into .cache
	@scripts/get-prometheus .cache/prometheus

clean: ## remove the environment, the caches and the demo's home
	rm -rf $(VENV) .cache .tickertape .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
