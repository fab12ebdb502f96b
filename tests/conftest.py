"""What several suites share."""

import gc

import pytest
from support import interpreted_event as interpreted

from plasticity._utils import generated
from plasticity.neurons.discretise import import_brian2


def pytest_collection_finish(session):
    """Nine thousand tests are objects that stay: they are looked at no more whenever garbage is sought."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def device(request, monkeypatch):
    """The device of a test, from its parameter."""
    if request.param == "unlisted":
        monkeypatch.setattr("plasticity.engines.torch.language.Context.lists", False)
    return request.param.replace("unlisted", "cpu")


@pytest.fixture
def one_thread():
    """Matrices of tests are not worth a second thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def quick_compiler():
    """Brian2's programs without optimisation: they compile in half the time."""
    prefs = import_brian2().prefs
    flags = prefs["codegen.cpp.extra_compile_args_gcc"]
    prefs["codegen.cpp.extra_compile_args_gcc"] = ["-O0", "-std=c++11"]
    yield
    prefs["codegen.cpp.extra_compile_args_gcc"] = flags


@pytest.fixture
def interpreted_event(monkeypatch):
    """The event engine without its compiler."""
    monkeypatch.setattr(generated, "load", interpreted.load)
