# Comparison with other libraries, in an environment of their own. Included by the Makefile of the repository.
# An environment that is there already is used with: make test-peers PEERS_PYTHON=/path/to/python
PEERS := .venv-peers
OUR_PYTHON ?= .venv/bin/python
ifeq ($(origin PEERS_PYTHON), undefined)
PEERS_PYTHON := $(abspath $(PEERS)/bin/python)
PEERS_READY := $(PEERS)/.installed
endif

OURS_READY := $(if $(VENV),$(VENV)/.installed-test)

.PHONY: peers test-peers bench-peers

peers: $(PEERS_READY)

$(PEERS)/.installed: requirements-peers.txt
	python3 -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement requirements-peers.txt
	touch $@

# Spikes are imposed on BindsNET's rules there and its weights compared with ours here: only .npz files cross over.
test-peers: $(PEERS_READY) $(OURS_READY)
	PEERS_PYTHON=$(PEERS_PYTHON) $(OUR_PYTHON) -m pytest -q tests/peers

bench-peers: $(PEERS_READY) $(OURS_READY)
	$(OUR_PYTHON) scripts/bench/compare.py --peers-python $(PEERS_PYTHON)
