"""Windows over maps against torch's own convolution, unfolding and pooling."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from plasticity.errors import PlasticityError
from plasticity.network.window import Window

SMALL = st.integers(1, 3)


@st.composite
def windows(draw):
    rows, columns = draw(SMALL), draw(SMALL)
    return Window((draw(SMALL), draw(st.integers(3, 6)), draw(st.integers(3, 6))), (rows, columns), draw(SMALL),
                  (draw(SMALL), draw(SMALL)), (draw(st.integers(0, 2)), draw(st.integers(0, 2))))


@settings(max_examples=40, deadline=None)
@given(windows(), st.integers(0, 2**16))
def test_shared_weights_are_torchs_convolution(window, seed):
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, window.n_pre)), rng.normal(size=(window.fan_in, window.channels))
    kernel = torch.tensor(w.T.reshape(window.channels, window.shape[0], *window.size).copy())
    expected = functional.conv2d(torch.tensor(x).view(2, *window.shape), kernel, None, window.stride, window.padding)
    assert expected.shape[1:] == window.out_shape
    np.testing.assert_allclose(x @ window.dense(w), expected.flatten(1).numpy(), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(windows(), st.integers(0, 2**16))
def test_patches_are_torchs_unfolding(window, seed):
    x = np.random.default_rng(seed).normal(size=window.n_pre)
    found = np.append(x, 0.0)[window.patches]
    expected = functional.unfold(torch.tensor(x).view(1, *window.shape), window.size, 1, window.padding, window.stride)
    np.testing.assert_array_equal(found, expected[0].T.numpy())


def test_average_is_torchs_pooling():
    window = Window((2, 6, 5), (2, 3), 2, (2, 1))
    x = np.random.default_rng(0).normal(size=window.n_pre)
    expected = functional.avg_pool2d(torch.tensor(x).view(1, 2, 6, 5), (2, 3), (2, 1)).flatten().numpy()
    np.testing.assert_allclose(x @ window.average(), expected, atol=1e-12)


def test_a_mask_holds_every_synapse_once():
    window = Window((2, 5, 4), 3, 3, 2, 1)
    assert window.mask.sum() == len(window.synapses[0])
    assert window.mask.sum(0).max() == window.fan_in


@pytest.mark.parametrize(("changes", "said"), [
    ({"size": 7}, "does not fit"), ({"size": 0}, "at least 1"), ({"stride": (1, 2, 3)}, "stride"),
    ({"channels": 0}, "channels"), ({"shape": (5, 5)}, "channels, height, width"), ({"padding": -1}, "padding")])
def test_sizes_that_do_not_fit_are_refused(changes, said):
    with pytest.raises(PlasticityError, match=said):
        Window(**{"shape": (1, 5, 5), "size": 3, **changes})


def test_weights_of_another_shape_are_refused():
    with pytest.raises(PlasticityError, match=r"\(9, 2\)"):
        Window((1, 5, 5), 3, 2).dense(np.zeros((8, 2)))
    with pytest.raises(PlasticityError, match="pooling keeps"):
        Window((2, 6, 6), 2).average()
