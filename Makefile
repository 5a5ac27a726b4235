# Everything starts here, on a machine that has Python 3.11 or newer and make:
#   make race    install what a race needs into .venv, then race recipes on embedded real data
#   make test    install the rest, then lint, types and the whole test suite
#   make lint    lint and types alone
#   make docs    install what the site needs, then build it: docs/_build/index.html, which fetches nothing when read
#   make clean   remove .venv, the site and caches; races are kept

PYTHON ?= python3
BIN := .venv/bin
RACE := .venv/.race
DEV := .venv/.dev
DOCS := .venv/.docs

ENOUGH = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "sooner needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }

BROWSERS := chromium google-chrome

.PHONY: race test lint docs browser clean

race: $(RACE)
	$(BIN)/sooner race digits --pairs 16 --threads 1

test: lint browser
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

# The report is tested in a real Chromium: one that is here, else the system's package, else playwright's own.
browser: $(DEV)
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	(command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium) \
	|| $(BIN)/playwright install chromium

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Warnings are errors: a link that leads nowhere, a docstring that does not render.
docs: $(DOCS)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs . docs/_build
	@echo "built docs/_build/index.html"

# Each installs with uv where it is there and works, else with pip.
$(RACE): pyproject.toml constraints.txt
	@$(ENOUGH)
	@$(PYTHON) tools/install.py race
	@touch $@

$(DEV): pyproject.toml constraints.txt
	@$(ENOUGH)
	@$(PYTHON) tools/install.py dev
	@touch $(RACE) $@

$(DOCS): pyproject.toml constraints.txt
	@$(ENOUGH)
	@$(PYTHON) tools/install.py docs
	@touch $(RACE) $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist docs/_build docs/reference
	find src tests -name __pycache__ -prune -exec rm -rf {} +
