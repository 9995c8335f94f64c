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
DRAW := $(VENV)/have-examples+viz+browser
TEST := $(VENV)/have-test+viz+examples+safetensors+bench+browser
DEV  := $(VENV)/have-dev
comma := ,

# minigrad's rivals have dependencies of their own, and PyTorch alone is larger than all the rest.
BENCH_VENV := .venv-bench
BENCH_RUN  := $(BENCH_VENV)/bin/python
BENCH_PIP  := $(BENCH_RUN) -m pip --disable-pip-version-check install -qq
BENCH      := $(BENCH_VENV)/have-peers

# Root on Debian gets system packages installed; CI machines have no terminal to answer questions at.
CAN_APT := [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null
APT_GET  = { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y $(1); } </dev/null 2>&1

.DEFAULT_GOAL := help
.NOTPARALLEL:  # two pips at once in one .venv would trip over each other
.PHONY: help demo pictures test test-thorough parity mutants mutation lint format bench bench-tables profile \
    bench-guard dot browser clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(DEMO) dot  ## train an MLP on handwritten digits; curves, predictions and graph go to out/
	@$(RUN) examples/mlp_digits.py $(ARGS)
	@[ ! -d out ] || { echo "results are in out/:"; ls out; }

pictures: $(DRAW) dot browser  ## the pictures that README shows, to docs/pictures/
	@MPLBACKEND=Agg $(RUN) docs/pictures.py

test: $(TEST) dot browser  ## the test suite; PyTorch is not needed
	@$(RUN) -m pytest $(ARGS)

test-thorough: $(TEST) dot browser  ## the property tests with new random cases, for about an hour
	@HYPOTHESIS_PROFILE=thorough $(RUN) -m pytest -v tests/property $(ARGS)

parity: $(VENV)/have-torch dot  ## compare with PyTorch (installs it: large)
	@$(RUN) -m pytest -m parity $(ARGS)

mutants: $(TEST)  ## break every rule in every way known, and see that the property tests notice
	@OPENBLAS_NUM_THREADS=1 $(RUN) mutation/mutants.py $(ARGS)

CR := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" OPENBLAS_NUM_THREADS=1 HYPOTHESIS_PROFILE=ci
SESSION := out/mutation.sqlite
mutation: $(TEST) $(VENV)/have-mutation  ## the engine, by a general mutation tool, over hours; again goes on; see docs/mutation.md
	@mkdir -p out
	@[ -e $(SESSION) ] || { $(CR) cosmic-ray init mutation/cosmic-ray.toml $(SESSION) \
	    && $(CR) cr-filter-operators $(SESSION) mutation/cosmic-ray.toml; }
	@$(CR) cosmic-ray exec mutation/cosmic-ray.toml $(SESSION)
	@$(CR) cr-report --surviving-only $(SESSION)

lint: $(DEV)  ## ruff's rules, ruff's format, mypy
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: $(DEV)  ## put the sources in ruff's format, and mend what ruff can mend
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: $(BENCH)  ## time and memory beside PyTorch, NumPy by hand and others (installs them, in .venv-bench: large)
	@$(BENCH_RUN) benchmarks/bench.py $(ARGS)

bench-tables: $(VENV)/have-bench  ## write the results of `make bench` into the pages that show them
	@$(RUN) benchmarks/tables.py benchmarks/README.md README.md

profile: $(VENV)/have-bench  ## a training step by op: where its time goes
	@$(RUN) benchmarks/profile_step.py $(ARGS)

bench-guard: $(VENV)/have-bench  ## count calls and instructions per op, and hold them to their limits
	@$(RUN) benchmarks/guard.py $(ARGS)

clean:  ## remove all that the targets made, .venv included
	@rm -rf $(VENV) $(BENCH_VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
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

# The peers one by one: a benchmark without one of them still says something, and says who is absent.
$(BENCH): benchmarks/peers.txt pyproject.toml $(VENV)/made
	@echo "installing minigrad and its peers into $(BENCH_VENV); this takes a while ..."
	@[ -e $(BENCH_RUN) ] || $(RUN) -m venv $(BENCH_VENV)
	@$(BENCH_PIP) -e '.[bench]'
	@grep -v '^#' benchmarks/peers.txt | while read -r peer; do \
	    echo "  $$peer"; $(BENCH_PIP) "$$peer" || echo "  $$peer could not be installed: it will be absent" >&2; done
	@touch $@

# have-a+b: minigrad itself (editable) with the extras a and b. dev contains every other set.
$(VENV)/have-%: pyproject.toml $(VENV)/made
	@echo "installing minigrad[$(subst +,$(comma),$*)] into $(VENV) ..."
	@$(PIP) -e '.[$(subst +,$(comma),$*)]'
	@touch $@ $(if $(filter dev,$*),$(DEMO) $(DRAW) $(TEST))

# The program that lays out graphs. Where it is missing, everything that does not need it goes on.
dot:
	@if command -v dot >/dev/null; then exit 0; fi; \
	if $(CAN_APT); then \
	    echo "installing the graph layout program, dot (apt-get install graphviz) ..."; \
	    log=$$($(call APT_GET,graphviz)) || echo "$$log" | tail -n 3; \
	fi; \
	command -v dot >/dev/null || \
	    echo "no dot program, so no pictures of graphs: apt install graphviz, or brew install graphviz"

# The browser that opens the player's pages, and the program through which tests steer it.
browser:
	@if command -v chromedriver >/dev/null; then exit 0; fi; \
	if $(CAN_APT); then \
	    echo "installing a browser for the tests of the player (apt-get install chromium chromium-driver) ..."; \
	    log=$$($(call APT_GET,chromium chromium-driver)) || echo "$$log" | tail -n 3; \
	fi; \
	command -v chromedriver >/dev/null || \
	    echo "no browser to test the player in, so those tests are skipped: apt install chromium chromium-driver"
