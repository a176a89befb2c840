# The verbs of this project. `make` alone prints them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
FOR ?=
IMAGES ?=
WEIGHTS ?=
BUS ?= postgres
SIZE ?= full
ONLY ?=
# The tests start some hundreds of processes: without kept bytecode each of them compiles all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "making the virtual environment .venv (about two minutes the first time, 6 GB)"
	@$(PYTHON) -m venv .venv || { echo "venv is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[all,dev]'
	@touch $(READY)

.PHONY: env
env: $(READY) ## make the virtual environment .venv from constraints.txt

.PHONY: demo
demo: $(READY) ## the whole line on this machine; FOR=60 ends after a minute, IMAGES=DIR WEIGHTS=FILE BUS=kafka
	@$(BIN)/python -m line.demo --bus $(BUS) $(if $(FOR),--for $(FOR)) $(if $(IMAGES),--images "$(IMAGES)") $(if $(WEIGHTS),--weights "$(WEIGHTS)")

.PHONY: check
check: $(READY) ## what CI says first: format, lint, types, arrows, fast tests; minutes, no servers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadfile -m "not slow and not server and not acceptance"

.PHONY: test
test: check ## all checks and all tests, with the real servers that can be had here
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile -m "(slow or server) and not acceptance"

.PHONY: acceptance
acceptance: $(READY) ## the long proofs on real images (SHARED=folder with data/ and weights/)
	$(BIN)/pytest -m acceptance -s --timeout 3600

.PHONY: bench
bench: $(READY) ## quality on real sets (three seeds each), speed, then bench-dashboard; resumable; SHARED=folder with data/ and weights/
	$(BIN)/python -m tests.benchmarks.quality
	$(BIN)/python -m tests.benchmarks.dashboard --rows $(or $(ROWS),10000000)

.PHONY: bench-dashboard
bench-dashboard: $(READY) ## how soon pages are there with 10 million inspections behind them (9 GB; ROWS=1000000 for fewer)
	$(BIN)/python -m tests.benchmarks.dashboard --rows $(or $(ROWS),10000000)

.PHONY: screenshots
screenshots: $(READY) ## one picture of each page and theme from a seeded line, into screenshots/
	$(BIN)/python -m tests.dashboard.screenshots

.PHONY: drill
drill: $(READY) ## kill, freeze and take away: A1 to A9 (hours); SIZE=small takes minutes, ONLY=A3 runs one, BUS= one bus
	@$(BIN)/python -m line.drill --size $(SIZE) $(if $(ONLY),--only $(ONLY)) $(if $(filter command line,$(origin BUS)),--bus $(BUS))

.PHONY: services
services: $(READY) ## start Kafka, Redis and Postgres on this machine without Docker, as far as they can be had
	$(BIN)/python -m line.services up

.PHONY: services-down
services-down: $(READY) ## stop what `make services` started
	$(BIN)/python -m line.services down

.PHONY: migrate
migrate: $(READY) ## bring the database to this version's schema
	$(BIN)/python -m core migrate

.PHONY: settings
settings: $(READY) ## print every setting with its default and reason
	@$(BIN)/python -m core settings
