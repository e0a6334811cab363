# Everything runs from .venv, made from requirements/dev.lock (versions and hashes).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CYCLES ?=
INTERVAL ?=
ARGS ?=
MINUTES ?= 30
PORT ?= 8501
WORKERS ?= 3
GATED := risk domain journal learning
ROOMS := $(GATED) advice perception reasoning platforms research agent
# What CI leaves to make test, for it has fifteen minutes: what takes long and no order depends on.
LONG := benchmarks soak dashboard/test_reliability.py dashboard/test_research.py jobs/test_clock_change.py \
	research/test_ahead.py research/test_compiler.py research/test_compiling.py research/test_doubted.py \
	research/test_engines.py research/test_impact.py research/test_optimise.py research/test_parity_models.py \
	research/test_indicator_machine.py research/test_timeframes_machine.py \
	research/test_informative_machine.py research/test_memory_of_processes.py research/training test_starts.py test_site.py
CASES ?= 0
DAYS ?= 7

# Where it is set every start compiles the project's modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: docs written help setup paper dashboard quicktest test covered coverage check gated rest lint types arrows soak rodage drill law bench lock image release clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv from the lock file, then the machine code of the rules
	@$(BIN)/agent compile

$(STAMP): requirements/dev.lock pyproject.toml scripts/install.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "setting up $(VENV) (about a minute the first time)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python scripts/install.py
	@touch $(STAMP)

paper: $(STAMP) ## a rehearsal in seconds, then the agent on paper; CYCLES=0 runs until Ctrl-C, ARGS="..." adds flags
	@$(BIN)/agent run --mode paper --rehearse $(if $(CYCLES),--cycles $(CYCLES)) $(if $(INTERVAL),--interval $(INTERVAL)) $(ARGS)

dashboard: $(STAMP) ## a paper agent and its page at http://127.0.0.1:8501; PORT=8501, ARGS="--open" adds flags
	@$(BIN)/agent serve --paper --port $(PORT) $(ARGS)

quicktest: $(STAMP) ## the deterministic session CI compares byte by byte
	@$(BIN)/agent run --mode quicktest

test: $(STAMP) ## every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(STAMP) ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy

arrows: $(STAMP) ## who may import whom
	@$(BIN)/lint-imports --no-cache

covered: $(STAMP) ## tests of risk, domain, journal and learning, and whether they reach as much as they did
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(GATED:%=tests/%) $(GATED:%=--cov=%) --cov-branch --cov-report= $(ARGS)
	@$(BIN)/python -m scripts.covered --gate

coverage: $(STAMP) ## every test, and how much of each room they reach
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ROOMS:%=--cov=%) --cov-branch --cov-report= $(ARGS)
	@$(BIN)/python -m scripts.covered

# Tests wait more than they work: types, arrows and the gated rooms take what the others leave of two cores.
check: lint ## lint, types, arrows and tests, as CI runs them: all but the longest (LONG)
	@$(MAKE) --no-print-directory -j2 rest gated

# mypy's own workers are given up when they have not begun within three seconds, which a busy machine takes.
gated: export MYPY_NUM_WORKERS := 0
gated: WORKERS := 0
gated: types arrows covered

rest: $(STAMP)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(GATED:%=--ignore=tests/%) $(LONG:%=--ignore=tests/%) $(ARGS)

soak: $(STAMP) ## a long paper run under provider faults, with a report; MINUTES=30
	@$(BIN)/python scripts/soak/command.py --minutes $(MINUTES) $(ARGS)

rodage: $(STAMP) ## seven days of simulated time with all on and faults by plan, and a verdict; DAYS=7
	@$(BIN)/python -m scripts.rodage --days $(DAYS) $(ARGS)

drill: $(STAMP) ## kill real agents at every step of an order, the whole matrix; CASES=0
	@$(BIN)/agent drill --cases $(CASES) $(ARGS)

law: $(STAMP) ## make every fact of the exchange unreadable in turn, in every way
	@$(BIN)/python -m tests.law $(ARGS)

written: $(STAMP) ## write anew what is made from the code: schemas, the compiled gate, state diagrams
	@$(BIN)/python -m scripts.gate
	@$(BIN)/python -m docs.schemas
	@$(BIN)/python -m scripts.grafana
	@$(BIN)/python -m docs.tables
	@$(BIN)/python -m docs.indicators
	@$(BIN)/python -m docs.diagram

docs: $(STAMP) ## the pages as a site, with the API from its docstrings, in build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet && echo "build/site/index.html"

bench: $(STAMP) ## speed and memory, measured side by side
	@$(BIN)/python -m benchmarks $(ARGS)

lock: ## write the lock files anew (after make setup)
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev -o requirements/dev.lock -q
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra alerts --extra live --extra serve --constraint requirements/dev.lock -o requirements/image.lock -q

image: $(STAMP) ## the container image of the trading agent, as an archive in build (root, mmdebstrap, buildah)
	@sh scripts/image.sh

release: $(STAMP) ## the wheel of this version with its lock file and hashes, in build; ARGS=--tag tags the commit
	@sh scripts/release.sh $(ARGS)

clean: ## remove .venv and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
