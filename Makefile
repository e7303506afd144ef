# Everything a developer needs, from a checkout and a Python: `make demo`, `make test`, `make lint`.
PYTHON ?= python3
ARGS ?=
WORKERS ?= 4
VENV := .venv
PIP_INSTALL := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c requirements.lock

.DEFAULT_GOAL := help
.PHONY: help $(VENV) demo test lint format bench bench-quick against schemas rush faults soak streams dist lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  (ARGS="..." is passed on: make demo ARGS="--parts 20 --items 10", make test ARGS="-k worker")'

.venv: $(VENV)/.installed ## create the virtual environment, with what the demo and the tests need

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP_INSTALL) -e '.[embedded,test]'
	@touch $@

$(VENV)/.installed-lint: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[lint]'
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(PIP_INSTALL) -e '.[bench]'
	@touch $@

demo: $(VENV)/.installed ## duplicate a sample episode on an embedded database and queue
	$(VENV)/bin/duplication demo $(ARGS)

test: $(VENV)/.installed ## run the tests
	$(VENV)/bin/pytest -n $(WORKERS) $(ARGS)

lint: $(VENV)/.installed-lint ## check style, types, imports and SQL
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/sqlfluff lint sql/foundation sql/schema sql/migrations sql/procedures driver/duplication/local/sample
	$(VENV)/bin/python -m tools.check_plpgsql
	$(VENV)/bin/python -m tools.check_calls

format: $(VENV)/.installed-lint ## put Python into the agreed format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.installed-bench ## measure copies against other ways of making them, half an hour; writes docs/benchmarks.md
	$(VENV)/bin/python -m benchmarks.bench $(ARGS)
	$(VENV)/bin/python -m benchmarks.report

bench-quick: $(VENV)/.installed ## the same with tiny trees, to see that everything runs; writes nothing
	$(VENV)/bin/python -m benchmarks.bench --quick $(ARGS)

against: $(VENV)/.installed ## measure what changes have cost: make against REF=main~1
	$(VENV)/bin/python -m benchmarks.against $(REF) $(ARGS)

schemas: $(VENV)/.installed ## copy 500 generated schemas, other ones each time
	SCHEMA_EXAMPLES=500 $(VENV)/bin/pytest -q -n $(WORKERS) tests/engine/copy/test_generated_schemas.py \
		--hypothesis-seed=$(strip $(shell od -An -N4 -tu4 /dev/urandom)) $(ARGS)

rush: $(VENV)/.installed ## copy a thousand small episodes that are requested at once, by two workers
	RUSH_REQUESTS=1000 $(VENV)/bin/pytest -q tests/driver/worker/test_rush.py $(ARGS)

faults: $(VENV)/.installed ## break everything around it, one thing after the other
	$(VENV)/bin/pytest -q -rs -n $(WORKERS) tests/faults $(ARGS)

soak: $(VENV)/.installed ## copy a thousand trees while something goes wrong every few seconds
	$(VENV)/bin/python -m tests.faults.soak $(ARGS)

streams: $(VENV)/.installed ## measure how soon an event is at each of a thousand open streams
	$(VENV)/bin/python benchmarks/streams.py $(ARGS)

dist: $(VENV)/.installed ## write the engine as one SQL file, dist/duplication.sql
	$(VENV)/bin/python -m tools.make_dist

lock: ## choose the newest versions that fit, for requirements.lock
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	echo '# Exact versions of everything that is installed; used as `pip install -c requirements.lock`. Made by `make lock`.' \
		> requirements.lock
	build/lock/bin/python -m pip freeze --exclude episode-duplication >> requirements.lock
	rm -rf build/lock

clean: ## remove the virtual environment, caches and builds
	rm -rf $(VENV) build dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
