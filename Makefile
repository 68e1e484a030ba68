# Everything a person or CI runs. It needs GNU make and Python 3.11 to 3.13; all else is installed into this folder.
# Stamps carry a checksum of what they stand for, so a second run has nothing to do, whatever git did to file times.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PORT ?= 8000
# Which interpreter makes .venv; empty: the newest that suits.
PYTHON ?=
# More arguments for pytest, such as ARGS="tests/schema -x --no-cov"; with any it runs in one process, to start at once
# and to be debugged.
ARGS ?=
# make lock UPGRADE=--upgrade takes newer versions than those locked.
UPGRADE ?=

venv := .venv
python := $(venv)/bin/python
pip_install := $(python) -m pip install --quiet --quiet --disable-pip-version-check --no-input
candidates := $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)
suits := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

checksum = $(shell cat $(1) | cksum | tr -d ' ')
explorer_source := $(sort $(wildcard explorer/*.* explorer/src/* explorer/public/*)) explorer/.npmrc

# Scripts in a virtual environment name its place, so one that was moved is made anew.
made := $(venv)/.made-$(shell pwd | cksum | tr -d ' ')
run_locked := $(venv)/.run-$(call checksum,requirements.lock)
project := $(venv)/.project-$(call checksum,pyproject.toml requirements.lock)
dev_locked := $(venv)/.dev-$(call checksum,requirements.lock requirements-dev.lock)
explorer_key := $(call checksum,$(explorer_source))
explorer_built := .make/explorer-built-$(explorer_key)
explorer_failed := .make/explorer-failed-$(explorer_key)
with_node := explorer/with-node.sh "$(CURDIR)/$(python)"
npm_ci := ci --include=dev --fetch-retries=1 --fetch-timeout=60000 --no-progress
api_tools := tests/api_checks/tools
npm_locked = $(1)/node_modules/.made-$(call checksum,$(1)/package.json $(1)/package-lock.json)
tools_locked := $(call npm_locked,$(api_tools))
typescript_locked := $(call npm_locked,clients/typescript)
client_venv := clients/python/.venv
client_locked := $(client_venv)/.made-$(call checksum,clients/python/requirements.lock)
bench_locked := $(venv)/.bench-$(call checksum,benchmarks/python.lock)
node_peers := .make/node-peers-$(call checksum,$(addprefix benchmarks/peers/node/,package.json package-lock.json install.sh))

# Each step waits for the one before it: two pips at once in one environment would harm it. The development packages
# come on top of those that `run` needs, so `run` and `test` share the environment and undo nothing of each other.
run_env := $(project)
dev_env := $(project) $(dev_locked)
bench_env := $(dev_env) $(bench_locked)

.PHONY: help run test torture fuzz check check-api check-api-tools static format lint types layers schema-check fix schema lock \
	bench bench-growth bench-graphql bench-profile bench-writes bench-queue node-peers-if-possible \
	explorer explorer-if-possible clean FORCE

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

run: $(run_env) explorer-if-possible ## Install what is needed and run the demo; PORT=8000
	@exec $(venv)/bin/leadwire demo --port $(PORT)

test: $(dev_env) ## Install what is needed and run the tests with coverage; ARGS="..." goes to pytest
	@$(python) -m pytest --quiet --cov --cov-report=term $(or $(ARGS),--numprocesses=2 --dist=loadfile)

torture: $(dev_env) ## Kill it 200 times on each database and count what became of the conversions; ARGS="--seed 7"
	@$(python) -m tests.torture $(ARGS)

fuzz: $(dev_env) ## Send 50,000 random requests to a server and judge every answer; ARGS="--seed 7"
	@$(python) -m tests.fuzz $(ARGS)

check: static test ## All that CI checks

check-api: $(dev_env) explorer-if-possible ## Try the API with other tools, generated clients and attacks, and print a table
	@$(MAKE) --no-print-directory --keep-going check-api-tools || echo "What could not be installed is left out."
	@run="$(python) -m tests.api_checks $(ARGS)"; \
	if $(with_node) true >/dev/null 2>&1; then exec $(with_node) $$run; else exec $$run; fi

static: format lint types layers schema-check ## All that CI checks but the tests

format: $(dev_env) ## Check the formatting
	@echo "format: ruff format --check"
	@$(python) -m ruff format --quiet --check . || { $(python) -m ruff format --diff . ; exit 1; }

lint: $(dev_env) ## Check the code with every rule of ruff
	@echo "lint: ruff check"
	@$(python) -m ruff check --quiet .

types: $(dev_env) ## Check the types
	@echo "types: mypy --strict"
	@$(python) -m mypy

layers: $(dev_env) ## Check that each layer imports only what is below it
	@echo "layers: lint-imports"
	@$(venv)/bin/lint-imports

schema-check: $(dev_env) ## Check that schema.graphql is what the code says
	@echo "schema-check: schema.graphql against the code"
	@mkdir -p .make
	@$(venv)/bin/leadwire export-schema > .make/schema.graphql
	@diff -u schema.graphql .make/schema.graphql || { echo "'make schema' writes it anew" >&2; exit 1; }

fix: $(dev_env) ## Format the code and repair what ruff can repair
	@$(python) -m ruff check --quiet --fix . ; $(python) -m ruff format --quiet .

schema: $(dev_env) ## Write schema.graphql from the code
	@mkdir -p .make
	@$(venv)/bin/leadwire export-schema > .make/schema.graphql && mv .make/schema.graphql schema.graphql

bench: $(bench_env) node-peers-if-possible ## Race the running server against its peers; 8 minutes, ARGS="--rounds 1"
	@$(python) -m benchmarks.race $(ARGS)

bench-growth: $(dev_env) ## Measure what growth costs: rows, hours of load, a start, a second process; half an hour
	@$(python) -m benchmarks.growth $(ARGS)

bench-graphql: $(dev_env) ## Compare what GraphQL itself costs with a default schema
	@$(python) -m benchmarks.graphql_layer

bench-profile: $(bench_env) ## Show by layer where a status change takes its time
	@$(python) -m benchmarks.layers $(ARGS)

bench-writes: $(run_env) ## Compare the two ways of writing to SQLite
	@$(python) -m benchmarks.writes

bench-queue: $(dev_env) ## Measure the queue: start, drain, and what a million deliveries cost; ARGS="--short"
	@$(python) -m benchmarks.queue $(ARGS)

# Extras stay in the second lock: Python 3.11's own pip refuses a package that is wanted with extras and pinned without
# them as soon as a newer version of it is published.
lock: $(dev_env) ## Write the lock files from pyproject.toml; UPGRADE=--upgrade for newer versions
	@set -e; \
	compile() { \
	  $(venv)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-annotate $(UPGRADE) "$$@"; \
	}; \
	echo "Writing requirements.lock, requirements-dev.lock, benchmarks/python.lock, explorer/node.lock and clients/python/requirements.lock"; \
	compile pyproject.toml --extra postgres --group build -o requirements.lock; \
	compile pyproject.toml --extra postgres --group build --group dev -c requirements.lock --no-strip-extras \
	  -o requirements-dev.lock; \
	compile benchmarks/python.in -c requirements-dev.lock -o benchmarks/python.lock; \
	compile explorer/node.in -o explorer/node.lock; \
	compile clients/python/requirements.in -o clients/python/requirements.lock

explorer: $(explorer_built) ## Build the explorer that the server shows at /graphiql

clean: ## Remove all that make has made, the environment too
	@rm -rf $(venv) .make app/static/explorer explorer/node_modules benchmarks/peers/node/node_modules \
	  clients/typescript/node_modules clients/typescript/build \
	  clients/typescript/src/generated $(client_venv) clients/python/leadwire_client $(api_tools)/node_modules \
	  $(api_tools)/relay/__generated__ $(api_tools)/tada/generated dist htmlcov .coverage .coverage.* \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# ---- the environment ----

$(made): $(if $(shell test -x $(python) && echo there),,FORCE)
	@found=; if [ -x $(python) ] && ! ls $(venv)/.made-* >/dev/null 2>&1 && $(python) -c 'import pip; $(suits)' 2>/dev/null; \
	then touch $@; exit; fi; \
	for candidate in $(candidates); do \
	  if $$candidate -c '$(suits)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Leadwire needs Python 3.11, 3.12 or 3.13 with its venv module; tried: $(candidates)." >&2; \
	  echo "On Debian and Ubuntu: apt install python3 python3-venv. Elsewhere: make PYTHON=/path/to/python3.12 ..." >&2; \
	  exit 1; \
	fi; \
	echo "Creating $(venv) with $$($$found --version)"; \
	$$found -m venv --clear $(venv) && touch $@

$(run_locked): $(made)
	@echo "Installing what the server needs, as locked in requirements.lock"
	@$(pip_install) --only-binary :all: --require-hashes -r requirements.lock
	@rm -f $(venv)/.run-* && touch $@

$(project): $(made) | $(run_locked)
	@echo "Installing Leadwire itself, editable"
	@$(pip_install) --no-deps --no-build-isolation --editable .
	@rm -f $(venv)/.project-* && touch $@

# msads, an oracle of the tests, is published as source only.
$(dev_locked): $(made) | $(project)
	@echo "Installing what the tests and checks need, as locked in requirements-dev.lock (a minute or two)"
	@$(pip_install) --only-binary :all: --no-binary msads --require-hashes -r requirements-dev.lock
	@rm -f $(venv)/.dev-* && touch $@

# ---- what `make check-api` needs ----

check-api-tools: $(tools_locked) $(typescript_locked) $(client_locked)
	@:

define install_from_npm
@mkdir -p .make
@echo "Installing what $(1) needs from npm (log: .make/npm.log)"
@$(with_node) npm --prefix $(1) $(npm_ci) > .make/npm.log 2>&1 \
|| { tail -n 20 .make/npm.log >&2; rm -rf $(1)/node_modules; exit 1; }
@touch $@
endef

$(tools_locked): | $(made)
	$(call install_from_npm,$(api_tools))

$(typescript_locked): | $(made)
	$(call install_from_npm,clients/typescript)

$(client_locked): | $(made)
	@echo "Installing what clients/python needs, in an environment of its own"
	@$(python) -m venv --clear $(client_venv)
	@$(client_venv)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input \
	  --only-binary :all: --require-hashes -r clients/python/requirements.lock \
	|| { rm -rf $(client_venv); exit 1; }
	@touch $@

# ---- what the server is raced against ----

$(bench_locked): $(made) | $(dev_locked)
	@echo "Installing what the benchmarks need, as locked in benchmarks/python.lock"
	@$(pip_install) --only-binary :all: --require-hashes -r benchmarks/python.lock
	@rm -f $(venv)/.bench-* && touch $@

# Without Node.js, or a compiler for it, the race runs without those peers, and says so.
node-peers-if-possible: | $(made)
	@if [ -f $(node_peers) ] && [ -d benchmarks/peers/node/node_modules ] || ! command -v node >/dev/null; then exit; fi; \
	mkdir -p .make; rm -f .make/node-peers-*; \
	echo "Installing the peers for Node.js (a minute or two; log: .make/node-peers.log)"; \
	if benchmarks/peers/node/install.sh > .make/node-peers.log 2>&1; then touch $(node_peers); \
	else tail -n 5 .make/node-peers.log >&2; fi

# ---- the explorer ----

$(explorer_built): $(if $(wildcard app/static/explorer/index.html),,FORCE) | $(made)
	@echo "Building the explorer, once (log: .make/explorer.log)"
	@mkdir -p .make
	@explorer/with-node.sh "$(CURDIR)/$(python)" explorer/build.sh > .make/explorer.log 2>&1 || { tail -n 20 .make/explorer.log >&2; exit 1; }
	@rm -f .make/explorer-built-* .make/explorer-failed-* && touch $@

# Without the explorer the server is still of use, so a build that fails is tried once and does not stop `run`.
explorer-if-possible: | $(made)
	@if [ -f $(explorer_built) ] && [ -f app/static/explorer/index.html ]; then exit; fi; \
	if [ -f $(explorer_failed) ] || ! $(MAKE) --no-print-directory explorer 2>/dev/null; then \
	  mkdir -p .make && touch $(explorer_failed); \
	  echo "The explorer could not be built (see .make/explorer.log); 'make explorer' tries again."; \
	fi
