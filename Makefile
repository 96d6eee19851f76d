# make run    set everything up, build the index, serve http://127.0.0.1:7860
# make test   set everything up and run the tests
# make check  format, lint, types, layers, corpus and cases
# make eval   score the assistant        make bench  speed and memory

PYTHON ?= python3.11
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 7860
# CPU-only wheels of PyTorch: the one outside address this project names. Where it cannot be
# reached, the package index alone serves; set TORCH_INDEX= to skip the attempt.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

BIN := $(VENV)/bin
export GRADIO_ANALYTICS_ENABLED = False
export HF_HUB_DISABLE_TELEMETRY = 1

.DEFAULT_GOAL := run
.PHONY: run build test check eval bench clean

run: build
	@$(BIN)/python -m ui --host $(HOST) --port $(PORT)

build: $(VENV)/.runtime
	@$(BIN)/python -m ingest build

test: $(VENV)/.dev
	@$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m corpus
	$(BIN)/python -m eval check

eval: $(VENV)/.dev build
	@$(BIN)/python -m eval run --ablation

bench: $(VENV)/.dev build
	@$(BIN)/python -m eval bench

$(VENV)/.runtime: pyproject.toml constraints.txt scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" TORCH_INDEX="$(TORCH_INDEX)" sh scripts/setup.sh
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@PYTHON="$(PYTHON)" VENV="$(VENV)" TORCH_INDEX="$(TORCH_INDEX)" sh scripts/setup.sh dev
	@touch $@

clean:
	rm -rf $(VENV) var
