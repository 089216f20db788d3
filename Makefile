# The words of this project; `make` alone explains them. ARGS="…" goes to the command behind a word.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup setup-dev serve demo check test hard bench docs site dist sbom screenshots lock clean panel-is-gone

VENV := .venv
BIN := $(VENV)/bin
SERVE := $(VENV)/.lineup-serve
DEV := $(VENV)/.lineup-dev
PANEL := package.json package-lock.json src/model_lineup/panel/icons.txt tools/browser.py tools/browser_files.py \
	$(if $(wildcard src/model_lineup/panel/built/.lineup-stamp),,panel-is-gone)
BOOTSTRAP = python=$$(sh tools/python.sh "$(PYTHON)") && "$$python" tools/bootstrap.py

help: ## explain these words
	@echo 'make WORD [ARGS="..."] [PYTHON=/path/to/python3]'
	@sed -n 's/^\([a-z-]*\):.*## /  \1 - /p' Makefile | awk -F ' - ' '{ printf "%-11s %s\n", $$1, $$2 }'

setup: $(SERVE) ## make .venv with all that Lineup needs to run; done by serve and demo too
	@echo 'Ready: make serve, make demo, or $(BIN)/lineup --help'

setup-dev: $(DEV) ## the same with what tests and checks need; done by check and test too
	@echo 'Ready: make check, make test'

serve: $(SERVE) ## run Lineup from this checkout, data in lineup-data/
	@$(BIN)/lineup serve $(ARGS)

demo: $(SERVE) ## run it with a real local model: registered, tested, benchmarked
	@$(BIN)/lineup demo $(ARGS)

check: $(DEV) ## lint, format, types, directions between rooms, security, tidiness, fresh reference
	@$(BIN)/python -m tools.check

test: $(DEV) ## all tests, with each part's time; ARGS="tests/catalog -k alias" narrows
	@$(BIN)/python -m pytest -p tools.pytest_parts -o console_output_style=classic -n auto --dist worksteal $(ARGS)

hard: $(DEV) ## the long loops in full length, into docs/hard-last-run.txt; ARGS=kill runs some parts
	@$(BIN)/python -m tools.hard $(ARGS)

bench: $(DEV) ## the scripts behind the performance figures
	@$(BIN)/python -m tools.bench $(ARGS)

docs: $(DEV) ## generate the reference pages from the code
	@if [ -f tools/docs.py ]; then $(BIN)/python -m tools.docs $(ARGS); else echo 'No reference page is generated yet.'; fi

site: $(DEV) ## build the documentation as a static site in build/site; ARGS=FOLDER puts it elsewhere
	@$(BIN)/python -m tools.site $(ARGS)

dist: $(DEV) ## build the wheel and the source archive of a release in dist/
	@$(BIN)/python -m hatchling build -d dist $(ARGS)

sbom: $(DEV) ## list what a release is made of (CycloneDX) in build/sbom.cdx.json; ARGS=FILE puts it elsewhere
	@$(BIN)/python -m tools.sbom $(ARGS)

screenshots: $(DEV) ## take pictures of every page of the Admin Panel into docs/screenshots/; ARGS=models takes some
	@$(BIN)/python -m tools.screenshots $(ARGS)

lock: ## write the locks of requirements/ anew; ARGS=--upgrade takes newer versions
	@python=$$(sh tools/python.sh "$(PYTHON)") && "$$python" tools/lock.py $(ARGS)

clean: ## delete .venv, builds and caches; your data stays
	rm -rf $(VENV) node_modules src/model_lineup/panel/built build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(SERVE): requirements/runtime.lock requirements/build.lock requirements/model.lock pyproject.toml tools/bootstrap.py $(PANEL)
	@$(BOOTSTRAP) serve

$(DEV): requirements/dev.lock requirements/model.lock pyproject.toml tools/bootstrap.py $(PANEL)
	@$(BOOTSTRAP) dev
