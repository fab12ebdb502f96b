# Comparison with other libraries, in environments of their own. Included by the Makefile of the repository.
# An environment that is there already is used with: make test-peers PEERS_PYTHON=/path/to/python
# (and make bench-gradient-peers GRADIENT_PEERS_PYTHON=...). BENCH=... passes options, such as BENCH="--rounds 1 --quick".
PEERS := .venv-peers
OUR_PYTHON ?= .venv/bin/python
ifeq ($(origin PEERS_PYTHON), undefined)
PEERS_PYTHON := $(abspath $(PEERS)/bin/python)
PEERS_READY := $(PEERS)/.installed
endif

GRADIENT_PEERS := .venv-gradient-peers
ifeq ($(origin GRADIENT_PEERS_PYTHON), undefined)
GRADIENT_PEERS_PYTHON := $(abspath $(GRADIENT_PEERS)/bin/python)
GRADIENT_PEERS_READY := $(GRADIENT_PEERS)/.installed
endif

NEST := .venv-nest
ifeq ($(origin NEST_PYTHON), undefined)
NEST_PYTHON := $(abspath $(NEST)/bin/python)
NEST_READY := $(NEST)/.installed
endif

OURS_READY := $(if $(VENV),$(VENV)/.installed-test)

.PHONY: peers test-peers bindsnet-weights test-nest nest-weights test-torch-peers torch-weights bench-peers gradient-peers bench-gradient-peers bench-rules

peers: $(PEERS_READY)

$(PEERS)/.installed: requirements-peers.txt
	python3 -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement requirements-peers.txt
	touch $@

# BindsNET's weights are committed, as those of NEST are; this compares them with BindsNET itself.
test-peers: $(PEERS_READY) $(OURS_READY)
	PEERS_PYTHON=$(PEERS_PYTHON) $(OUR_PYTHON) -m pytest -q tests/rules/test_against_bindsnet.py

bindsnet-weights: $(PEERS_READY)
	$(PEERS_PYTHON) scripts/peers/bindsnet_weights.py tests/reference/bindsnet_weights.json

$(NEST)/.installed: requirements-nest.txt
	python3 -m venv $(NEST)
	$(NEST)/bin/python -m pip install --quiet --requirement requirements-nest.txt
	touch $@

# NEST's weights are committed, and every run of the tests compares with them; this compares them with NEST itself.
test-nest: $(NEST_READY) $(OURS_READY)
	NEST_PYTHON=$(NEST_PYTHON) $(OUR_PYTHON) -m pytest -q tests/rules/test_against_nest.py

nest-weights: $(NEST_READY)
	$(NEST_PYTHON) scripts/peers/nest_weights.py tests/reference/nest_weights.json

bench-peers: $(PEERS_READY) $(OURS_READY)
	$(OUR_PYTHON) scripts/bench/compare.py --peers-python $(PEERS_PYTHON) $(BENCH)
	$(OUR_PYTHON) scripts/bench/speed_page.py

# The same for the plasticity of Norse and SpikingJelly.
test-torch-peers: $(GRADIENT_PEERS_READY) $(OURS_READY)
	GRADIENT_PEERS_PYTHON=$(GRADIENT_PEERS_PYTHON) $(OUR_PYTHON) -m pytest -q tests/rules/test_against_torch_libraries.py

torch-weights: $(GRADIENT_PEERS_READY)
	$(GRADIENT_PEERS_PYTHON) scripts/peers/torch_weights.py tests/reference/torch_weights.json

gradient-peers: $(GRADIENT_PEERS_READY)

$(GRADIENT_PEERS)/.installed: requirements-gradient-peers.txt constraints.txt
	python3 -m venv $(GRADIENT_PEERS)
	$(GRADIENT_PEERS)/bin/python -m pip install --quiet -c constraints.txt --requirement requirements-gradient-peers.txt
	touch $@

bench-gradient-peers: $(GRADIENT_PEERS_READY) $(OURS_READY)
	$(OUR_PYTHON) scripts/bench/gradient.py --peers-python $(GRADIENT_PEERS_PYTHON) $(BENCH)
	$(OUR_PYTHON) scripts/bench/speed_page.py

# Every rule of the catalogue in the event engine's stream, in turn with pair_stdp; needs no other library.
bench-rules: $(OURS_READY)
	$(OUR_PYTHON) scripts/bench/rules.py $(BENCH)
	$(OUR_PYTHON) scripts/bench/speed_page.py
