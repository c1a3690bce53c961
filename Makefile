# Everything one does with couvert from a checkout. Python 3.11 or newer with venv, git and make are enough:
# `make demo` and `make test` set up `.venv` by themselves, from the hashes in the two locks.

# Any Python from 3.11 on will do: `make test PYTHON=python3.13`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Arguments for couvert: `make serve ARGS="--port 9000"`.
ARGS ?=

# Most of the long tests wait for processes that they killed: one process more than there are cores.
TEST_PROCESSES ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)

# Pinned like everything else; only `make lock` and `make upgrade` fetch it, and never into .venv.
UV_VERSION := 0.13.9

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

##@ Use

.PHONY: demo
demo: $(VENV)/.run-time ## Send a mail through everything, in a throw-away directory
	$(BIN)/couvert demo $(ARGS)

.PHONY: serve
serve: $(VENV)/.run-time ## Serve API, console and workers on http://127.0.0.1:8000
	$(BIN)/couvert serve $(ARGS)

##@ Work on it

.PHONY: test
test: check ## All static checks, then all tests
	$(BIN)/pytest --numprocesses=$(TEST_PROCESSES) --maxprocesses=8 --dist=worksteal $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## The static checks alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/codespell
	$(PIP) check

.PHONY: quick
quick: $(VENV)/.dev ## The tests of the domain, in a few seconds
	$(BIN)/pytest -q tests/domain $(ARGS)

.PHONY: fix
fix: $(VENV)/.dev ## Let ruff repair and format what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: openapi
openapi: $(VENV)/.run-time ## Write docs/openapi.json, so that `git diff` shows what a change does to the API
	$(BIN)/couvert openapi > docs/openapi.json

.PHONY: bench
bench: $(VENV)/.dev ## Measure; results go to bench/results/
	$(BIN)/python bench/run.py $(ARGS)

##@ Dependencies

.PHONY: lock
lock: LOCK_FLAGS :=
lock: ## Write the locks from pyproject.toml, keeping what they pin already
	$(write-locks)

.PHONY: upgrade
upgrade: LOCK_FLAGS := --upgrade
upgrade: ## Write the locks with the newest version of everything
	$(write-locks)

.PHONY: clean
clean: ## Forget the installation and every cache
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---------------------------------------------------------------------------------------------------------------------
# How it is set up. The stamps are newer than the locks when what the locks say is installed.

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-time: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) ..."
	$(PIP) install --quiet --require-hashes --requirement requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run-time
	@echo "Adding the tools for development ..."
	$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

# One resolution for every platform and Python, hashes of all files, and no address of any index. The second lock
# keeps to the first, so that tests run what users run.
define write-locks
@set -eu; \
work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
$(PYTHON) -m venv "$$work"; \
"$$work/bin/python" -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
compile="$$work/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command='make lock' $(LOCK_FLAGS)"; \
eval "$$compile --extra build --output-file requirements.lock"; \
eval "$$compile --all-extras --constraint requirements.lock --output-file requirements-dev.lock"
endef
