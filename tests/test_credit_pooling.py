"""Max pooling against torch's, ties and strides included."""

import pytest
import torch
from torch.nn import functional

from plasticity.engines.gradient.pooling import max_pool


@pytest.mark.parametrize(("size", "stride", "shape"), [
    ((2, 2), (2, 2), (5, 3, 8, 6)), ((2, 2), (2, 2), (5, 3, 7, 9)), ((3, 2), (1, 2), (2, 2, 8, 8)),
    ((3, 3), (2, 1), (4, 1, 9, 9))])
@pytest.mark.parametrize("spikes", [True, False])
def test_values_and_credit(size, stride, shape, spikes):
    torch.manual_seed(1)
    x = (torch.rand(shape) < 0.3).double() if spikes else torch.randn(shape, dtype=torch.float64)
    x, error = x.requires_grad_(), None
    found = []
    for pool in (max_pool, functional.max_pool2d):
        y = pool(x, size, stride)
        error = torch.randn_like(y) if error is None else error
        found.append((y, *torch.autograd.grad(y, x, error)))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
