"""What several suites share."""

import pytest


@pytest.fixture
def device(request, monkeypatch):
    """The device of a test, from its parameter."""
    if request.param == "unlisted":
        monkeypatch.setattr("plasticity.engines.torch.language.Context.lists", False)
    return request.param.replace("unlisted", "cpu")
