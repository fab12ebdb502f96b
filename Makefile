# make demo: learn digits without labels. make test: run all tests. Both set everything up first.

PYTHON ?= $(or $(shell command -v python3.11),python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= 2
INSTALL_FROM := setup.py pyproject.toml constraints.txt

STUDIES ?= digits_400 mnist_400 mnist_1600

.PHONY: help install demo test lint check results clean

help:
	@echo "make demo     learn the embedded digits, print accuracy beside an untrained control, draw figures"
	@echo "make test     run all tests"
	@echo "make lint     check style"
	@echo "make check    lint and test"
	@echo "make results  run the studies of docs/results again (MNIST needed; STUDIES=... for some of them)"
	@echo "make test-peers, make bench-peers  compare with BindsNET, in an environment of its own (6 GB)"
	@echo "make test-nest  compare the rules with NEST itself, in an environment of its own (its weights are committed)"
	@echo "make test-torch-peers  the same with Norse and SpikingJelly"
	@echo "make bench-gradient-peers  compare with norse, snntorch, spikingjelly and spyx, in one of their own"
	@echo "make bench-rules  time every rule in the stream"
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

results: $(VENV)/.installed
	$(BIN)/python scripts/reproduce/unsupervised.py $(STUDIES)

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache build *.egg-info runs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

-include scripts/bench/peers.mk
