# Every target makes what it needs, in .venv; nothing else has to be installed by hand.
# Kept to what GNU make 3.81 understands, the one that macOS ships.

# The first new enough Python on the path. `make PYTHON=/path/to/python3 ...` takes another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Passed on to the program behind the target: `make demo ARGS="--epochs 5"`, `make test ARGS="-k matmul -x"`.
ARGS ?=

VENV := .venv
RUN  := $(VENV)/bin/python
PIP  := $(RUN) -m pip --disable-pip-version-check install -qq

# One stamp per set of extras, named after it; each is remade when pyproject.toml is newer.
DEMO := $(VENV)/have-examples+viz
TEST := $(VENV)/have-test+viz+examples+safetensors
DEV  := $(VENV)/have-dev
comma := ,

# Root on Debian gets system packages installed; CI machines have no terminal to answer questions at.
CAN_APT := [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null
APT_GET  = { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y $(1); } </dev/null 2>&1

.DEFAULT_GOAL := help
.NOTPARALLEL:  # two pips at once in one .venv would trip over each other
.PHONY: help demo pictures test test-thorough parity lint format bench dot clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(DEMO) dot  ## train an MLP on handwritten digits; curves, predictions and graph go to out/
	@$(RUN) examples/mlp_digits.py $(ARGS)
	@[ ! -d out ] || { echo "results are in out/:"; ls out; }

pictures: $(DEMO) dot  ## the pictures that README shows, to docs/pictures/
	@MPLBACKEND=Agg $(RUN) docs/pictures.py

test: $(TEST) dot  ## the test suite; PyTorch is not needed
	@$(RUN) -m pytest $(ARGS)

test-thorough: $(TEST) dot  ## the property tests with new random cases, for about an hour
	@HYPOTHESIS_PROFILE=thorough $(RUN) -m pytest -v tests/property $(ARGS)

parity: $(VENV)/have-torch dot  ## compare with PyTorch (installs it: large)
	@$(RUN) -m pytest -m parity $(ARGS)

lint: $(DEV)  ## ruff's rules, ruff's format, mypy
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: $(DEV)  ## put the sources in ruff's format, and mend what ruff can mend
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: $(DEMO)  ## time per op; beside PyTorch's where `make parity` has installed it
	@$(RUN) benchmarks/chain.py $(ARGS)

clean:  ## remove all that the targets made, .venv included
	@rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------- what the targets need

$(VENV)/made:
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    p=$(or $(PYTHON),python3); \
	    echo "minigrad needs Python 3.11 or newer; $$p says: $$($$p --version 2>&1 | head -n 1)" >&2; \
	    echo "Install a newer one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version) ..."
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && $(CAN_APT); then \
	    log=$$($(call APT_GET,python3-venv)) || echo "$$log" | tail -n 3 >&2; fi
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/have-torch: $(TEST)
	@echo "installing PyTorch into $(VENV), for the comparison; this takes a while ..."
	@$(PIP) torch==2.13.0
	@$(RUN) -W ignore -c 'import torch; print("PyTorch", torch.__version__)'
	@touch $@

# have-a+b: minigrad itself (editable) with the extras a and b. dev contains every other set.
$(VENV)/have-%: pyproject.toml $(VENV)/made
	@echo "installing minigrad[$(subst +,$(comma),$*)] into $(VENV) ..."
	@$(PIP) -e '.[$(subst +,$(comma),$*)]'
	@touch $@ $(if $(filter dev,$*),$(DEMO) $(TEST))

# The program that lays out graphs. Where it is missing, everything that does not need it goes on.
dot:
	@if command -v dot >/dev/null; then exit 0; fi; \
	if $(CAN_APT); then \
	    echo "installing the graph layout program, dot (apt-get install graphviz) ..."; \
	    log=$$($(call APT_GET,graphviz)) || echo "$$log" | tail -n 3; \
	fi; \
	command -v dot >/dev/null || \
	    echo "no dot program, so no pictures of graphs: apt install graphviz, or brew install graphviz"
