"""The leaky sum against its loop through autograd."""

import pytest
import torch

from plasticity.engines.gradient.readout import _step_by_step
from plasticity.engines.gradient.scan import leaky_sum


@pytest.mark.parametrize("window", [0, 1, 3, 50])
@pytest.mark.parametrize("kappa", [0.0, 0.9])
def test_values_and_credit(window, kappa):
    torch.manual_seed(0)
    current, error = torch.randn(2, 3, 11, 4, dtype=torch.float64)
    found = []
    for function in (leaky_sum, _step_by_step):
        x = current.transpose(1, 2).clone().transpose(1, 2).requires_grad_()  # not contiguous
        y = function(x, kappa, 0.3, window)
        found.append((y.detach(), torch.autograd.grad((y * error).sum(), x)[0]))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-15)
    assert found[0][1].abs().min() > 0


def test_single_precision_stays_single():
    assert leaky_sum(torch.ones(1, 2, 3), 0.5, 1.0, 0).dtype == torch.float32
