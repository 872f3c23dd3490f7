# `make` alone lists what can be made.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' 'tomli; python_version < "3.11"'  # 25.1 knows --group

# What is installed follows from these; changes in src/ take effect at once.
SOURCES := pyproject.toml $(wildcard fork/*.py patches/*.patch)

$(VENV)/installed: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[policy]'
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group $*
	@touch $@

$(VENV)/installed-upstream: $(VENV)/installed-test tests/upstream/requirements.txt
	$(BIN)/python -m pip install --quiet --requirement tests/upstream/requirements.txt
	@touch $@

.PHONY: install
install: $(VENV)/installed ## Install the project into .venv; changes in src/ take effect at once

.PHONY: demo
demo: $(VENV)/installed ## Two agents are told by a page to do harm, are refused, and answer the question
	@$(BIN)/python examples/guarded_agent.py

.PHONY: test
test: test-ours test-upstream ## The project's tests, then upstream's own tests on the fork

# The server that tests of shared rates start. Where it cannot be installed, these tests are skipped and say so.
.PHONY: redis-server
redis-server:
	@command -v redis-server >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { \
			apt-get install --yes --no-install-recommends redis-server || { \
				apt-get update && apt-get install --yes --no-install-recommends redis-server; }; } \
	} || echo 'There is no redis-server, and it cannot be installed: as root, apt-get install redis-server'

# The browser that tests of the audit report look at it with, likewise.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { \
			apt-get install --yes --no-install-recommends chromium || { \
				apt-get update && apt-get install --yes --no-install-recommends chromium; }; } \
	} || echo 'There is no chromium, and it cannot be installed: as root, apt-get install chromium'

.PHONY: test-ours
test-ours: $(VENV)/installed-test redis-server chromium ## The project's tests (PYTEST="-k name" for some of them)
	$(BIN)/python -m pytest $(PYTEST)

.PHONY: test-upstream
test-upstream: $(VENV)/installed-upstream ## Upstream's tests, on the release and on the fork, compared
	$(BIN)/python -m tests.upstream

.PHONY: mediation
mediation: $(VENV)/installed-test ## Every way in which something gets executed: play, print, write docs/mediation.md
	@$(BIN)/python -m tests.mediation

.PHONY: fuzz
fuzz: $(VENV)/installed-test ## 20,000 made-up programs, and 500 rounds of parallel calls
	@$(BIN)/python -m tests.mediation.fuzz

.PHONY: fuzz-policy
fuzz-policy: $(VENV)/installed-test ## 10,000 random, mutated and generated documents: a policy or a PolicyError, under 1 s each
	@POLICY_DOCUMENTS=10000 $(BIN)/python -m pytest --timeout 7200 tests/policy/test_loading.py

.PHONY: audit-proof
audit-proof: $(VENV)/installed-test ## Audit trails: 200 kills, every bit of 1,000 records flipped, 100,000 records by 4 processes
	@AUDIT_KILLS=200 AUDIT_FLIPPED_LINES=1000 AUDIT_RECORDS=100000 \
		$(BIN)/python -m pytest --timeout 7200 tests/policy/audit

.PHONY: fuzz-compare
fuzz-compare: $(VENV)/installed-test ## 5,000 pairs of policies: nothing contradicts what is said of them, and witnesses are confirmed
	@POLICY_PAIRS=5000 $(BIN)/python -m pytest --timeout 14400 tests/policy/comparison/test_soundness.py

.PHONY: fuzz-intents
fuzz-intents: $(VENV)/installed-test ## 10,000 mutated programs and commands, and a megabyte of 500 shapes, under 4 s each
	@INTENT_PROGRAMS=10000 $(BIN)/python -m pytest --timeout 7200 tests/policy/intents/test_robustness.py
	@$(BIN)/python -W ignore -m tests.policy.intents.large

.PHONY: schema
schema: $(VENV)/installed ## Write the JSON Schema of policies into the package
	@$(BIN)/python -c 'import json; from smolagents.policy import Policy; print(json.dumps(Policy.json_schema(), indent=2))' \
		>src/smolagents/policy/schema.json

.PHONY: quality
quality: $(VENV)/installed-quality $(VENV)/installed-test ## Style, types, and whether patches/ and the tree agree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m fork check

.PHONY: bench
bench: $(VENV)/installed-bench ## What hooks and policies cost, and how soon what is endless ends
	$(BIN)/python -m benchmarks.hooks
	$(BIN)/python -m benchmarks.operations
	$(BIN)/python -m benchmarks.policy
	$(BIN)/python -m benchmarks.audit
	$(BIN)/python -m benchmarks.compare
	$(BIN)/python -m benchmarks.time_limit

# Upstream's files: what patches/ say about them, and what lies in src/smolagents.

.PHONY: check-patches
check-patches: $(VENV)/installed ## Say whether src/smolagents and patches/ agree
	@$(BIN)/python -m fork check

.PHONY: refresh-patches
refresh-patches: $(BIN)/python ## Take edits in src/smolagents into patches/ (PATCH=name; else the last patch)
	@$(BIN)/python -m fork refresh $(if $(PATCH),--patch $(PATCH))

.PHONY: upstream-patch
upstream-patch: $(BIN)/python ## Write the change as mails for git am, into build/upstream
	@rm -rf build/upstream
	@$(BIN)/python -m fork upstream-patch --output build/upstream
