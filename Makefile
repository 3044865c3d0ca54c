# Two commands set everything up: `make demo` runs the whole path, `make test` passes the tests.
# Both need Python 3.11 or newer, make and git, nothing else, and are safe to repeat.

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$p && break; done)
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
ARGS ?=
JOBS ?= 2

.PHONY: help demo test test-all check format bench bench-accounting bench-border bench-passport bench-hostile bench-twins bench-exchange conformance lock docs clean system-parts

help:
	@echo "make demo       set up and run the whole path (ARGS=\"--once\" to stop after it)"
	@echo "make test       set up and run the tests that need only Python and little time"
	@echo "make test-all   also the whole demo, long runs of kills, PostgreSQL, Chromium, SoftHSM2, the carculator background, numba; skips nothing"
	@echo "make check      ruff, mypy, import rules, house rules"
	@echo "make bench      measurements, each against a peer or a bare floor"
	@echo "make bench-accounting  the accounting engine beside bw2calc (some minutes)"
	@echo "make bench-border  the border and the log, each against a bare floor"
	@echo "make bench-twins  a registry of a million twins, and how long a lookup takes"
	@echo "make bench-exchange  negotiations, first byte, start and memory of two served nodes"
	@echo "make bench-passport  passports at fleet size (ARGS=\"--million\" for a million, ARGS=--reads)"
	@echo "make conformance  official test kits against a served node (JDK 17, Maven; see tests/conformance)"
	@echo "make docs       write the generated reference pages anew"
	@echo "make lock       pin the dependencies anew (needs uv)"

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Saltbridge needs Python 3.11 or newer with the venv module."; \
	  echo "Install it (Debian: python3 python3-venv) or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) (first run only)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing the pinned dependencies"
	@$(PIP) install -q --require-hashes -r requirements/run.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test.stamp: requirements/test.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing the pinned dependencies and test tools"
	@$(PIP) install -q --require-hashes -r requirements/test.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $(VENV)/run.stamp $@

demo: $(VENV)/run.stamp
	@$(BIN)/saltbridge demo $(ARGS)

test: $(VENV)/test.stamp
	@$(BIN)/python -m pytest -q -n $(JOBS) $(ARGS)

system-parts: $(VENV)/test.stamp
	@sh scripts/install_system_parts.sh
	@$(PIP) install -q --require-hashes -r requirements/background-tools.txt
	@$(PIP) install -q --require-hashes -r requirements/bench.txt
	@$(BIN)/saltbridge background fetch carculator-utils

test-all: system-parts
	@$(BIN)/python -m pytest -q -n $(JOBS) --full $(ARGS)

check: $(VENV)/test.stamp
	@$(BIN)/ruff check src tests scripts bench
	@$(BIN)/ruff format --check -q src tests scripts bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/python scripts/check_house_rules.py

format: $(VENV)/test.stamp
	@$(BIN)/ruff check --fix -q src tests scripts bench
	@$(BIN)/ruff format -q src tests scripts bench

bench: $(VENV)/test.stamp
	@$(BIN)/python bench/first_minute.py $(ARGS)

bench-accounting: $(VENV)/test.stamp
	@$(PIP) install -q --require-hashes -r requirements/bench.txt
	@$(BIN)/saltbridge background fetch carculator-utils
	@$(BIN)/python bench/accounting.py $(ARGS)

bench-border: $(VENV)/test.stamp
	@$(BIN)/python bench/border_decide.py
	@$(BIN)/python bench/border_log.py $(ARGS)

bench-passport: $(VENV)/test.stamp
	@$(BIN)/python bench/passport.py $(ARGS)

bench-twins: $(VENV)/test.stamp
	@$(BIN)/python bench/twins.py $(ARGS)

bench-exchange: $(VENV)/test.stamp
	@$(BIN)/python bench/exchange.py $(ARGS)

bench-hostile: $(VENV)/test.stamp
	@$(BIN)/python bench/hostile_files.py

conformance: $(VENV)/test.stamp
	@sh scripts/install_system_parts.sh conformance
	@$(BIN)/python -m tests.conformance $(ARGS)

docs: $(VENV)/test.stamp
	@$(BIN)/python scripts/write_reference.py

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate pyproject.toml requirements/build.in -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate pyproject.toml requirements/build.in --extra test \
	  -c requirements/run.txt -o requirements/test.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate requirements/background-tools.in \
	  -c requirements/test.txt -o requirements/background-tools.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate requirements/bench.in \
	  -c requirements/test.txt -c requirements/background-tools.txt -o requirements/bench.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-data
