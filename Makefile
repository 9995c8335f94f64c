# Every target installs the packages that it needs, in .venv; you install nothing by hand.
# GNU make 3.81, which macOS ships, understands all of this file.

# The first Python on the path that is new enough. `make PYTHON=/path/to/python3 ...` takes another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Arguments for the program behind the target: `make demo ARGS="--epochs 5"`, `make test ARGS="-k matmul -x"`.
ARGS ?=

VENV := .venv
RUN  := $(VENV)/bin/python
PIP  := $(RUN) -m pip --disable-pip-version-check install -qq

# One stamp per set of extras, named after it; each is remade when pyproject.toml is newer. DEV holds TEST, and
# TEST holds the others, so a larger set marks the smaller ones as installed.
DEMO := $(VENV)/have-examples+viz
DRAW := $(VENV)/have-examples+viz+browser
TOOL := $(VENV)/have-bench
SITE := $(VENV)/have-docs+viz+examples
TEST := $(VENV)/have-test+viz+examples+safetensors+bench+browser
DEV  := $(VENV)/have-dev
HELD := $(if $(filter have-dev have-test+%,$(@F)),$(DEMO) $(DRAW) $(TOOL)) $(if $(filter have-dev,$(@F)),$(TEST))
comma := ,

# The libraries that minigrad is compared with have dependencies of their own; PyTorch alone is larger than all the rest.
BENCH_VENV := .venv-bench
BENCH_RUN  := $(BENCH_VENV)/bin/python
BENCH_PIP  := $(BENCH_RUN) -m pip --disable-pip-version-check install -qq
BENCH      := $(BENCH_VENV)/have-peers
# Tools that need no peers run in .venv-bench too where it exists: nothing is installed twice.
MEASURE    := $(if $(wildcard $(BENCH)),$(BENCH),$(TOOL))

# The oldest and the newest versions that the project supports.
# `make test-oldest OLDEST=/path/to/python3.11` takes a Python that is not on the path.
OLDEST ?= python3.11
NEWEST ?= $(shell for p in python3.14 python3.13 python3; do $$p -c 1 2>/dev/null && echo $$p && break; done)

# Root on Debian gets system packages installed; CI machines have no terminal to answer questions at.
CAN_APT := [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null
APT_GET  = { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y $(1); } </dev/null 2>&1

.DEFAULT_GOAL := help
.NOTPARALLEL:  # two pips at once in one .venv would trip over each other
.PHONY: help demo pictures test test-thorough test-oldest test-newest parity mutants mutation lint format bench bench-tables profile \
    bench-guard docs dot browser clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(DEMO) dot  ## train a network on handwritten digits; curves, predictions and graph go to out/
	@STARTED_AS='make demo ARGS="{}"' $(RUN) examples/mlp_digits.py $(ARGS)

pictures: $(DRAW) dot browser  ## the pictures that README shows, to docs/pictures/
	@MPLBACKEND=Agg $(RUN) docs/pictures.py

test: $(TEST) dot browser  ## the test suite, in some seven minutes; PyTorch is not needed
	$(if $(ARGS),,@echo 'running all tests takes some seven minutes on two cores; make test ARGS=tests/nn runs those of one folder')
	@$(PYTEST) $(ARGS)

test-oldest: dot  ## the test suite on Python 3.11 and NumPy 2.0.0, the oldest that are supported (in .venv-oldest)
	$(call SUITE,$(OLDEST),.venv-oldest,numpy==2.0.0)

test-newest: dot  ## the test suite on the newest Python on the path and the newest NumPy (in .venv-newest)
	$(call SUITE,$(NEWEST),.venv-newest,--upgrade numpy)

test-thorough: $(TEST) dot browser  ## the property tests with new random cases, for about an hour
	@HYPOTHESIS_PROFILE=thorough $(PYTEST) -v tests/property $(ARGS)

parity: $(VENV)/have-torch dot  ## the tests that compare with PyTorch (installs it: large)
	@$(PYTEST) -m parity $(ARGS)

mutants: $(TEST)  ## break every rule on purpose: the property tests must notice each fault
	@OPENBLAS_NUM_THREADS=1 $(RUN) mutation/mutants.py $(ARGS)

CR := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" OPENBLAS_NUM_THREADS=1 HYPOTHESIS_PROFILE=ci
SESSION := out/mutation.sqlite
mutation: $(TEST) $(VENV)/have-mutation  ## mutate the engine with a general tool, for hours; a second call goes on (docs/mutation.md)
	@mkdir -p out
	@[ -e $(SESSION) ] || { $(CR) cosmic-ray init mutation/cosmic-ray.toml $(SESSION) \
	    && $(CR) cr-filter-operators $(SESSION) mutation/cosmic-ray.toml; }
	@$(CR) cosmic-ray exec mutation/cosmic-ray.toml $(SESSION)
	@$(CR) cr-report --surviving-only $(SESSION)

lint: $(DEV)  ## ruff's rules, ruff's format, mypy
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: $(DEV)  ## format the sources, and mend what ruff can mend
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: $(BENCH)  ## time and memory beside PyTorch, NumPy by hand and others (installs them in .venv-bench: large)
	@$(BENCH_RUN) benchmarks/bench.py $(ARGS)

bench-tables: $(MEASURE)  ## write the results of `make bench` into the pages that show them
	@$(MEASURING) benchmarks/report.py benchmarks/README.md README.md

profile: $(MEASURE)  ## a training step by op: where its time goes
	@$(MEASURING) benchmarks/profile_step.py $(ARGS)

bench-guard: $(MEASURE)  ## count calls and instructions per op, and compare with the limits
	@$(MEASURING) benchmarks/guard.py $(ARGS)

docs: $(SITE) dot  ## the site: runs every page, then lays them out and checks the links; open docs/_build/html/index.html
	@OPENBLAS_NUM_THREADS=1 $(RUN) docs/make_site.py
	@$(RUN) -m sphinx -q -E -W --keep-going -n -b html docs docs/_build/html
	@$(RUN) docs/links.py docs/_build/html

clean:  ## remove all that the targets made, .venv included
	@rm -rf $(VENV) $(BENCH_VENV) .venv-oldest .venv-newest out build dist docs/_build docs/api docs/made docs/benchmarks.md .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Compiled files are kept, for without them each run compiles all tests again, which takes longer than it
# takes to collect them. An empty value is none: a container often sets it.
PYTEST    = PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest
MEASURING = $(dir $(MEASURE))bin/python

# $(call SUITE,python,venv,what pip is told of NumPy)
define SUITE
@$(1) -c 1 2>/dev/null || { echo "there is no $(1) on the path; name one: make $@ OLDEST=/path/to/python3.11" >&2; exit 1; }
@[ -e $(2)/made ] || { echo "installing minigrad with the packages of its tests into $(2), for $$($(1) --version) ..."; \
    $(1) -m venv $(2) && $(2)/bin/python -m pip --disable-pip-version-check install -qq $(3) \
    -e '.[test,viz,examples,safetensors,bench,browser]' && touch $(2)/made; }
@$(2)/bin/python -c 'import numpy, platform; print("Python", platform.python_version(), "and NumPy", numpy.__version__)'
@PYTHONDONTWRITEBYTECODE= $(2)/bin/python -m pytest $(ARGS)
endef

# ------------------------------------------------------------------------------- what the targets need

$(VENV)/made:
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    p=$(or $(PYTHON),python3); \
	    echo "minigrad needs Python 3.11 or newer; $$p says: $$($$p --version 2>&1 | head -n 1)" >&2; \
	    echo "Install a newer one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "first run: making $(VENV) with $$($(PYTHON) --version) ..."
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && $(CAN_APT); then \
	    log=$$($(call APT_GET,python3-venv)) || echo "$$log" | tail -n 3 >&2; fi
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/have-torch: $(TEST)
	@echo "installing PyTorch into $(VENV), for the comparison; this takes a while ..."
	@$(PIP) torch==2.13.0
	@$(RUN) -W ignore -c 'import torch; print("PyTorch", torch.__version__)'
	@touch $@

# The peers are installed one by one: a benchmark without one of them still runs, and names the absent one.
$(BENCH): benchmarks/peers.txt pyproject.toml $(VENV)/made
	@echo "installing minigrad and its peers into $(BENCH_VENV); this takes a while ..."
	@[ -e $(BENCH_RUN) ] || $(RUN) -m venv $(BENCH_VENV)
	@$(BENCH_PIP) -e '.[bench]'
	@grep -v '^#' benchmarks/peers.txt | while read -r peer; do \
	    echo "  $$peer"; $(BENCH_PIP) "$$peer" || echo "  $$peer could not be installed: it will be absent" >&2; done
	@touch $@

# have-a+b: minigrad itself (editable) with the extras a and b.
$(VENV)/have-%: pyproject.toml $(VENV)/made
	@echo "installing minigrad and the packages for $(subst +,$(comma) ,$*) into $(VENV): about a minute, this once ..."
	@$(PIP) -e '.[$(subst +,$(comma),$*)]'
	@touch $@ $(HELD)

# The program that lays out graphs. All else works without it.
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
