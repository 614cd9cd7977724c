# Two commands: `make run` starts the portal, `make test` tries it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The lock names everything by hash: nothing is resolved again, whatever was published since (--no-deps).
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
TRANSLATIONS := portal/translations
BROWSER := $(shell command -v chromium)
WITHOUT_BROWSER = $(if $(BROWSER),,--ignore=tests/browser)
NPM := $(shell command -v npm)
WITHOUT_NPM = $(if $(NPM),,--ignore=tests/oidc)
NGINX := $(shell command -v nginx)
WITHOUT_NGINX = $(if $(NGINX),,--ignore=tests/local/test_nginx.py)
MAKEFLAGS += --no-print-directory

.PHONY: run test coverage check advisories bench vendor translations lock clean

run: $(VENV)/.run
	@$(BIN)/python -m portal.local.run

test: $(VENV)/.dev $(if $(NPM),$(VENV)/.oidc)
	@$(if $(BROWSER),,echo "The browser tests are left out: there is no chromium (Debian: apt install chromium).")
	@$(if $(NPM),,echo "The tests against an OpenID provider are left out: there is no npm (Debian: apt install npm).")
	@$(if $(NGINX),,echo "The test of the nginx configuration is left out: there is no nginx (Debian: apt install nginx-light).")
	@$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder $(COVERAGE) $(WITHOUT_BROWSER) $(WITHOUT_NPM) $(WITHOUT_NGINX)

coverage:
	@$(MAKE) test COVERAGE="--cov --cov-report=term"

check: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/bandit --quiet --severity-level medium --recursive portal jobs wsgi.py
	@$(BIN)/lint-imports --no-cache > $(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }

advisories: $(VENV)/.dev
	@$(BIN)/python -m portal.local.advisories requirements.txt

bench: $(VENV)/.bench
	@$(BIN)/python -m bench $(ONLY)

vendor: $(VENV)/.dev
	@$(BIN)/python -m portal.local.vendor

translations: $(VENV)/.dev
	@$(BIN)/pybabel --quiet extract -F pyproject.toml --no-location -o $(TRANSLATIONS)/messages.pot portal jobs templates
	@$(BIN)/pybabel --quiet update -i $(TRANSLATIONS)/messages.pot -d $(TRANSLATIONS) --no-fuzzy-matching --ignore-obsolete
	@$(BIN)/pybabel --quiet compile -d $(TRANSLATIONS)

lock: $(VENV)/.dev
	@for set in requirements requirements-dev bench/requirements; do \
	    $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --no-annotate --no-header $(LOCK) $$set.in -o $$set.txt || exit 1; \
	done

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.python:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is missing: the portal needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "The portal needs Python 3.11 or newer, and $(PYTHON) is older: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
	    { echo "Python's venv module is missing. On Debian: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/python" -P -m portal.cli "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(BIN)" > $(BIN)/portal
	@chmod +x $(BIN)/portal
	@touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.python
	@echo "Installing what the portal needs into $(VENV) ..."
	@$(PIP) install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/.python
	@echo "Installing what the tests need into $(VENV) ..."
	@$(PIP) install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.oidc: tests/oidc/package-lock.json | $(VENV)/.python
	@echo "Installing the OpenID provider of the tests into $(VENV)/oidc ..."
	@mkdir -p $(VENV)/oidc && cp tests/oidc/package.json tests/oidc/package-lock.json $(VENV)/oidc
	@cd $(VENV)/oidc && npm ci --silent --no-audit --no-fund
	@touch $@

$(VENV)/.bench: bench/requirements.txt | $(VENV)/.python
	@echo "Installing what the measurements need into $(VENV) ..."
	@$(PIP) install --require-hashes --no-deps -r $<
	@touch $@
