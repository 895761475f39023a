# Lockgate: everything that a person types. Two commands matter: make demo, make test.
PYTHON ?= python3
VENV := .venv
# one more than there are processors: a test waits for locks, clocks and other processes in a sixth of its time
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
BIN := $(VENV)/bin
ARGS ?=
# compiled files make every start of a process faster, and there are many: web server, queue, clock, and those of the tests
unexport PYTHONDONTWRITEBYTECODE

.PHONY: faults help demo serve reset test test-browser lint format bench prove-locks screenshots properties

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.base: requirements/base.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.browser: requirements/browser.txt $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browser.txt
	touch $@

demo: $(VENV)/.base  ## the life of a change, then the portal on http://127.0.0.1:8000 (ARGS=--once: only the story)
	@$(BIN)/python manage.py demo $(ARGS)

serve: $(VENV)/.base  ## the portal for real, with the environment of .env (ARGS=--address=0.0.0.0:8000); docs/deploy.md
	@$(BIN)/python manage.py serve $(ARGS)

reset: $(VENV)/.base  ## forget the demonstration's databases
	@$(BIN)/python manage.py demo --reset

test: $(VENV)/.dev  ## all tests (WORKERS=2: by so many at once)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-browser: $(VENV)/.dev $(VENV)/.browser  ## every page and what each role does there, in Chromium (CHROMIUM=/path/of/it)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS) tests/browser

properties: $(VENV)/.dev  ## what holds for any text, tried on many more texts than by make test (nightly; ARGS=-x)
	PROPERTY_EXAMPLES=5000 $(BIN)/python -m pytest -n auto tests/governance/analysis/test_properties.py $(ARGS)
	SCHEMAS=200 $(BIN)/python -m pytest -n auto --dist worksteal tests/runner/engine/test_random_schemas.py $(ARGS)

faults: $(VENV)/.dev  ## every fault of the matrix, a thousand random ones (ARGS="-k points"), and a table of what was observed
	FAULTS=$${FAULTS:-1000} $(BIN)/python -m pytest -n auto --dist worksteal tests/faults $$($(BIN)/python -m tests.faults.matrix) $(ARGS)

lint: $(VENV)/.dev  ## style, types, migrations
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python manage.py makemigrations --check --dry-run

format: $(VENV)/.dev  ## put the code into shape
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(VENV)/.dev  ## every measured claim
	for claim in bench/[a-z]*.py; do $(BIN)/python $$claim || exit 1; done

prove-locks: $(VENV)/.dev  ## what the analysis says of locks, against PostgreSQL 13 to 18 (fetches 13 to 17 once; ARGS="13 17": only those)
	$(BIN)/python tests/majors.py $(ARGS)

screenshots: $(VENV)/.browser  ## the pictures in docs/images, from a running demo (needs Chromium; ARGS=--user=… --password=…)
	$(BIN)/python docs/screenshots.py $(ARGS)
