# Everything works on a fresh clone with only Python 3.11 (or newer) and make.
# Set PYTHON to choose the Python, PORT to change the web's port, ARGS=--exit to stop after the demo.

PYTHON ?= python3
ARGS =
# The oldest supported PostgreSQL, where Debian installs it.
TEST_POSTGRES_BIN ?= /usr/lib/postgresql/15/bin
# A part of the tests that uses nearly all SQL; the whole would take as long as `make test`.
IN_SQL := $(addprefix tests/,database earnings ledger revenue console/test_pages.py) $(addprefix tests/payouts/test_, \
	$(addsuffix .py,balances books books_checkpoints end_to_end forecasts reconciliation recovery run_checks runs upcoming world))

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Unset variables that would change what Python and the tools do, except those about where packages come from.
PIP_KEPT := $(addprefix PIP_,CACHE_DIR CERT CLIENT_CERT CONFIG_FILE DEFAULT_TIMEOUT EXTRA_INDEX_URL FIND_LINKS INDEX_URL \
	KEYRING_PROVIDER NO_CACHE_DIR NO_INDEX PROXY RETRIES TIMEOUT TRUSTED_HOST USE_FEATURE)
UV_KEPT := $(addprefix UV_,CACHE_DIR DEFAULT_INDEX EXTRA_INDEX_URL FIND_LINKS HTTP_TIMEOUT INDEX INDEX_URL NATIVE_TLS)
DIVERTING := PYTHON% PIP_% UV_% PYTEST_% RUFF_% MYPY% COVERAGE_% COV_% HYPOTHESIS_% VIRTUAL_ENV __PYVENV_LAUNCHER__
unexport $(filter-out PYTHON PIP_KEPT UV_KEPT $(PIP_KEPT) $(UV_KEPT),$(filter $(DIVERTING),$(.VARIABLES)))
# Text is UTF-8, whatever the locale. pip's own configuration may contain options that fail in a virtual environment.
export PYTHONUTF8 := 1
export PIP_USER := 0
export PIP_REQUIRE_HASHES := 0

.PHONY: help demo test test-full chaos drill guards benchmark lint lint-sql lint-rest up down env status pictures schema lock clean

BIN := .venv/bin
LOCAL := $(BIN)/python -m payouts_project.local
# It shows its progress only on a terminal.
INSTALL := quiet=; [ -t 1 ] || quiet=--quiet; \
	$(BIN)/python -m pip --disable-pip-version-check --no-input install --no-compile $$quiet
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header pyproject.toml

help:
	@echo "make demo       run the whole service on real billing data; ARGS=--exit stops it afterwards"
	@echo "make test       lint and run the tests"
	@echo "make test-full  run the slow tests: kills, races, real data"
	@echo "make chaos      pay a month while everything fails; SEED, SEEDS (how many), CREATORS"
	@echo "make drill      lose the database at every moment, restore a backup, and see that nobody is paid twice"
	@echo "make guards     remove each guard of a promise in turn, and expect a test to fail"
	@echo "make benchmark  measure speed"
	@echo "make up | down  start or stop the service; status, env: show its state, its variables"
	@echo "make clean      remove everything that was installed, and all local data"

demo: .venv/.runtime
	@$(LOCAL) demo $(ARGS)

test: lint
	@$(BIN)/python -m pytest -n 2 -m "not full"

test-full: .venv/.development
	@env -u TEST_POSTGRES_BIN $(BIN)/python -m pytest -n 2 --dist worksteal -m full --durations=10
	@if [ -x "$(TEST_POSTGRES_BIN)/postgres" ]; then \
		echo "Running the tests of SQL again on the oldest supported PostgreSQL"; \
		TEST_POSTGRES_BIN="$(TEST_POSTGRES_BIN)" $(BIN)/python -m pytest -n 2 -m "not full" $(IN_SQL); \
	else \
		echo "SKIPPED: the tests on PostgreSQL 15. Set TEST_POSTGRES_BIN to the folder with its programs."; \
	fi

SEED = 1
SEEDS = 1
CREATORS = 5000
chaos: .venv/.development
	@seed=$(SEED); while [ $$seed -lt $$(($(SEED) + $(SEEDS))) ]; do \
		$(BIN)/python -m tests.chaos $$seed --creators $(CREATORS) || exit; seed=$$((seed + 1)); \
	done

drill: .venv/.development
	@$(BIN)/python -m tests.drill

guards: .venv/.development
	@$(BIN)/python -m tests.guards

NAME = importing posting
benchmark: .venv/.runtime
	@for name in $(NAME); do $(BIN)/python -m "benchmarks.$$name" || exit; done

lint: .venv/.development
	@$(MAKE) --no-print-directory --jobs 2 lint-sql lint-rest

lint-sql: .venv/.development
	@$(BIN)/sqlfluff lint --quiet --disable-progress-bar .

lint-rest: .venv/.development
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/typos
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(LOCAL) throwaway $(BIN)/python -m mypy .
	@$(BIN)/lint-imports
	@$(LOCAL) throwaway $(BIN)/python manage.py makemigrations --check

up: .venv/.runtime
	@$(LOCAL) up

down env status: .venv/.runtime
	@$(LOCAL) $@

# For maintainers: photograph the console after `make demo`, for docs/images.
pictures: .venv/.development
	@variables=$$($(LOCAL) env) && eval "$$variables" && $(BIN)/python -m tests.console.pictures

# For maintainers: write the copy of the API's document that the tests compare.
schema: .venv/.development
	@$(LOCAL) throwaway $(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

# For maintainers: needs uv.
lock:
	$(COMPILE) -o requirements.txt
	$(COMPILE) -c requirements.txt --extra dev -o requirements-dev.txt
	$(COMPILE) -c requirements-dev.txt --extra local -o requirements-local.txt

clean:
	@if [ -x $(BIN)/python ] && [ -e .local ]; then $(LOCAL) down; fi
	@rm -rf .local .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Debian's venv module lacks pip until python3-venv is installed. A pip outside it works as well.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: set PYTHON to one, as in make PYTHON=/usr/bin/python3.11." >&2; exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version)" >&2
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		$(PYTHON) -m venv --clear .venv; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -m venv --clear --without-pip .venv && \
		$(PYTHON) -m pip --quiet --disable-pip-version-check --python .venv/bin/python install pip; \
	else \
		echo "This Python can't make virtual environments: install the package python3-venv." >&2; exit 1; \
	fi || { rm -rf .venv; exit 1; }

.venv/.runtime: requirements.txt requirements-local.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the service needs into .venv: 70 MB to download, a minute or two" >&2
	@$(INSTALL) --require-hashes -r requirements.txt -r requirements-local.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.development: requirements-dev.txt .venv/.runtime
	@echo "Installing what the tests need into .venv: 50 MB to download, about a minute" >&2
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@
