# Everything starts here, on a machine that has Python 3.11 or newer and make:
#   make race    install into .venv, then race recipes on embedded real data
#   make test    install into .venv, then lint, types and the whole test suite
#   make lint    lint and types alone
#   make clean   remove .venv and caches; races are kept

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

BROWSERS := chromium google-chrome

.PHONY: race test lint browser clean

race: $(INSTALLED)
	$(BIN)/sooner race digits

test: lint browser
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

# The report is tested in a real Chromium: one that is here, else the system's package, else playwright's own.
browser: $(INSTALLED)
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	(command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium) \
	|| $(BIN)/playwright install chromium

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "sooner needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[race,dev]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find src tests -name __pycache__ -prune -exec rm -rf {} +
