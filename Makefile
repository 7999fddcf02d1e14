# Needs Python 3.11 or newer and make; the rest is put into .venv. `make help` lists what there is.
SHELL := bash
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
.PHONY: help demo test check chaos planted bench i18n clean
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

# The first interpreter that is new enough; `make demo PYTHON=python3.13` chooses another.
NEW_ENOUGH := import sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $(name))))

help:  ## print this list
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/.demo  ## start the sandbox store and the example dashboard (PORT, SANDBOX_PORT, DATA_DIR, CONNECTED=0)
	@exec $(BIN)/python -m examples.dashboard.demo

test: .venv/.dev  ## run every test that needs no browser (BROWSER=1: those too; ENGINE=postgres; ARGS="-k words")
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal $(if $(BROWSER),--browser) $(if $(ENGINE),--engine $(ENGINE)) $(ARGS)

check: .venv/.dev  ## what CI runs: ruff, mypy, the floors, then the tests
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) test

RUNS ?= 1000
chaos: .venv/.dev  ## look for longer whether we converge with the store, whatever breaks (RUNS=5000, ENGINE=postgres)
	@CHAOS_RUNS=$(RUNS) $(BIN)/python -m pytest -n 2 $(if $(ENGINE),--engine $(ENGINE)) tests/chaos $(ARGS)

planted: .venv/.dev  ## plant bugs in a copy and see which test finds each (ARGS="reach lease --jobs 2")
	@$(BIN)/python -m tests.planted $(ARGS)

bench: .venv/.bench  ## measure a million contacts, write benchmarks/results.json
	@$(BIN)/python -m benchmarks

# The domain and what it is made of.
define texts
	$(BIN)/pybabel -q extract -F $(2) -k _l -k lazy_gettext --ignore-dirs='.* __pycache__ build sandbox' --add-location=file --sort-output \
		--project=smartpush-shopline --version=0.1.0 --copyright-holder='the smartpush_shopline contributors' -o smartpush_shopline/translations/$(1).pot .
	$(BIN)/pybabel -q update -N --ignore-pot-creation-date --no-fuzzy-matching -D $(1) \
		-i smartpush_shopline/translations/$(1).pot -d smartpush_shopline/translations
	$(BIN)/pybabel -q compile -D $(1) -d smartpush_shopline/translations
endef

i18n: .venv/.dev  ## collect the texts into translations/ and compile the catalogues
	@$(call texts,smartpush,babel.cfg)
	@$(call texts,visitors,babel-visitors.cfg)

clean:  ## forget the environment, the demo's data and what the tools left behind
	@rm -rf .venv var build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

.venv/.python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "This needs Python 3.11 or newer with its venv module; none was found on the PATH."; \
		echo "On Debian or Ubuntu: apt-get install python3 python3-venv"; exit 1; fi
	@$(PYTHON) -m venv .venv || { \
		echo "Python could not make an environment. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/.demo: setup.cfg | .venv/.python
	@echo "Installing into .venv (once; about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.bench: setup.cfg | .venv/.dev
	@$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@

.venv/.dev: setup.cfg | .venv/.python
	@echo "Installing into .venv with the tools (once; about a minute) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ .venv/.demo
