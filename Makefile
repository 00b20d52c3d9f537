# make run | demo | test | check | bench | torture | revision | messages   (README.md says what each does)
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
TESTS ?= tests

.PHONY: run demo test check format bench torture revision messages lock
.DEFAULT_GOAL := run

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

# Ctrl-C reaches the supervisor, which ends both processes; `exec` leaves no shell in between.
run: $(VENV)/.installed
	@$(BIN)/python -m core init && exec $(BIN)/python -m core.supervisor

demo: $(VENV)/.installed
	@exec $(BIN)/python -m core demo run

test: $(VENV)/.installed-dev
	$(BIN)/python -m tests.browser
	$(BIN)/python -m pytest $(TESTS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m tests.bench

torture: $(VENV)/.installed-dev
	nice -n 10 $(BIN)/python -m tests.torture

# make revision m="add a column"
revision: $(VENV)/.installed-dev
	@mkdir -p build && rm -f build/revision.db*
	$(BIN)/python -c 'import sys; from core.persistence import schema; url = "sqlite:///build/revision.db"; \
	schema.migrate(url); schema.make_revision(url, sys.argv[1])' "$(m)"

messages: $(VENV)/.installed-dev
	$(BIN)/python -m core.locales

.PHONY: docs
docs: $(VENV)/.installed
	$(BIN)/python -m connectors > docs/exchanges.md

lock:
	uv pip compile pyproject.toml -o requirements.txt --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11
	uv pip compile pyproject.toml --extra dev -o requirements-dev.txt --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11
