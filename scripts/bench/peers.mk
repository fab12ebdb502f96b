# Comparison with other libraries, in an environment of their own. Included by the Makefile of the repository.
PEERS ?= .venv-peers
PEERS_PYTHON ?= $(abspath $(PEERS)/bin/python)
PEERS_TEST_PYTHON ?= .venv/bin/python

.PHONY: test-peers bench-peers

$(PEERS)/.installed: requirements-peers.txt
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --requirement requirements-peers.txt
	touch $@

.venv-peers: $(PEERS)/.installed

# Spikes imposed on BindsNET's rules there, its weights compared with ours here: only .npz files cross over.
test-peers: $(PEERS)/.installed
	PEERS_PYTHON=$(PEERS_PYTHON) $(PEERS_TEST_PYTHON) -m pytest -q tests/peers

bench-peers: $(PEERS)/.installed
	$(PEERS_TEST_PYTHON) scripts/bench/compare.py --peers-python $(PEERS_PYTHON)
