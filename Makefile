# Stepwise. `make run` starts everything, `make test` runs the suite; both install what they need into .venv.

PYTHON ?= python3
PORT ?= 8000
MODE ?= demo
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

unexport PYTHONDONTWRITEBYTECODE # the suite starts a hundred processes: each would compile everything anew

.DEFAULT_GOAL := help
.PHONY: help run setup check test test-slow bench lock clean

help:
	@echo "make run        start everything; PORT=8000"
	@echo "make setup      install only"
	@echo "make check      lint, types, floors, migrations, deployment"
	@echo "make test       the suite; make test-slow: what is too slow for it"
	@echo "make bench      figures, each beside a floor"
	@echo "make lock       pin requirements/*.in anew"
	@echo "make clean      remove .venv and .data"

run: .venv/run.stamp
	@exec env MODE=$(MODE) PORT=$(PORT) STEPWISE_RUN_BY_MAKE=1 $(BIN)/python -m config.embedded.run

setup: .venv/dev.stamp

.venv/run.stamp: requirements/embedded.txt
	@$(PYTHON) -m config.embedded.bootstrap
	@echo "Installing Stepwise's requirements into .venv (once) ..."
	@$(PIP) -r requirements/embedded.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "Installing the tools for tests and checks into .venv (once) ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MODE=test $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	env $$(cat .ci/production.env) $(BIN)/python manage.py check --deploy --fail-level WARNING

test: .venv/dev.stamp
	@$(PYTHON) -m config.embedded.chromium
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

test-slow: .venv/dev.stamp
	@$(PYTHON) -m config.embedded.chromium
	$(BIN)/pytest -m slow $(ARGS)

.venv/bench.stamp: requirements/bench.txt .venv/dev.stamp
	@echo "Installing what the benchmarks compare with into .venv (once) ..."
	@$(PIP) -r requirements/bench.txt
	@touch $@

bench: .venv/bench.stamp
	$(BIN)/python -m bench $(ARGS)

lock: .venv/dev.stamp
	$(LOCK) requirements/base.in -o requirements/base.txt
	$(LOCK) requirements/embedded.in -o requirements/embedded.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt

clean:
	@$(PYTHON) -m config.embedded.clean
	rm -rf .venv
