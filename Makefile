# make demo: learn digits without labels. make test: run all tests. Both set everything up first.

PYTHON ?= $(or $(shell command -v python3.11),python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= 2
INSTALL_FROM := setup.py pyproject.toml constraints.txt

.PHONY: help install demo test lint check clean

help:
	@echo "make demo     learn the embedded digits, print accuracy beside an untrained control, draw figures"
	@echo "make test     run all tests"
	@echo "make lint     check style"
	@echo "make check    lint and test"
	@echo "make clean    remove the environment, caches and runs"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(INSTALL_FROM) | $(VENV)/bin/python
	$(PIP) install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(INSTALL_FROM) | $(VENV)/bin/python
	$(PIP) install --quiet -c constraints.txt -e '.[test]'
	touch $(VENV)/.installed $@

install: $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/plasticity run digits --control

test: $(VENV)/.installed-test
	$(BIN)/pytest -n $(WORKERS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .

check: lint test

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache build *.egg-info runs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

-include scripts/bench/peers.mk
