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
	$(BIN)/python -m pip install --quiet 'tomli; python_version < "3.11"'

.PHONY: install
install: $(BIN)/python ## Install the project into .venv; changes in src/ take effect at once
	$(BIN)/python -m pip install --quiet --editable '.[policy]'

# Upstream's files: what patches/ say about them, and what lies in src/smolagents.

.PHONY: check-patches
check-patches: $(BIN)/python ## Say whether src/smolagents and patches/ agree
	@$(BIN)/python -m fork check

.PHONY: refresh-patches
refresh-patches: $(BIN)/python ## Take edits in src/smolagents into patches/ (PATCH=name; else the last patch)
	@$(BIN)/python -m fork refresh $(if $(PATCH),--patch $(PATCH))

.PHONY: upstream-patch
upstream-patch: $(BIN)/python ## Write the change as mails for git am, into build/upstream
	@rm -rf build/upstream
	@$(BIN)/python -m fork upstream-patch --output build/upstream
