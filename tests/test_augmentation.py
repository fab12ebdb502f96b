"""Transforms of training samples, one by one: what they keep, what they draw, and naive forms of them."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticity._utils.keeping import pack, unpack
from plasticity.cli.listing import LISTS
from plasticity.encoding.augmentation import images
from plasticity.encoding.augmentation.catalogue import Augmentation, catalogue, make, text_of
from plasticity.encoding.augmentation.draw import normal, uniform, whole
from plasticity.errors import PlasticityError

#: each transform with an option that does nothing, and one that does
STRENGTHS = {"elastic": ("alpha=0", "alpha=20, sigma=2"), "shift": ("pixels=0", "pixels=3"),
             "crop": ("pixels=0", "pixels=3"), "flip": ("p=0", "p=0.7"), "flicker": ("strength=0", "strength=0.6"),
             "noise": ("sd=0", "sd=0.3"), "time_shift": ("steps=0", "steps=4")}
NUMBERS = np.array([7, 0, 3_000_000, 12, 5])


def test_all_of_them_are_tested_and_listed():
    assert set(STRENGTHS) == set(catalogue) == {entry["name"] for entry in LISTS["augmentations"]()}
    assert all(entry["summary"] and entry["parameters"] for entry in LISTS["augmentations"]())


def samples(shape=(9, 11), dtype="float32", seed=0):
    return np.random.default_rng(seed).random((len(NUMBERS), *shape)).astype(dtype)


@pytest.mark.parametrize("name", catalogue)
@given(seed=st.integers(0, 2**64 - 1), dtype=st.sampled_from(["float32", "float64"]),
       sides=st.tuples(st.integers(4, 9), st.integers(4, 9)))
@settings(max_examples=15, deadline=None)
def test_shape_and_dtype_stay_and_equal_seeds_draw_the_same(name, seed, dtype, sides):
    x = samples(sides, dtype)
    before = x.copy()
    nothing, (much,) = (make(f"{name}({option})") for option in STRENGTHS[name])
    assert (nothing[0](x, seed, NUMBERS) == x).all()
    changed = much(x, seed, NUMBERS)
    assert changed.shape == x.shape and changed.dtype == x.dtype and (x == before).all() and np.isfinite(changed).all()
    order = np.array([3, 1])
    np.testing.assert_array_equal(much(x[order], seed, NUMBERS[order]), changed[order])  # whatever stands beside
    if name != "noise":
        assert changed.min() >= 0 and changed.max() <= 1


@pytest.mark.parametrize("name", catalogue)
def test_each_seed_and_each_sample_draws_its_own(name):
    (transform,) = make(f"{name}({STRENGTHS[name][1]})")
    same = np.repeat(samples((12, 12))[:1], 40, 0)
    one, two = (transform(same, seed, np.arange(40)) for seed in (0, 1))
    assert (one != two).any() and len({image.tobytes() for image in one}) > 1


@pytest.mark.parametrize("name", ["elastic", "shift", "crop", "flip"])
def test_colours_move_together_wherever_they_stand(name):
    (transform,) = make(f"{name}({STRENGTHS[name][1]})")
    first = samples((3, 8, 9))
    changed = transform(first, 4, NUMBERS)
    last = transform(np.ascontiguousarray(np.moveaxis(first, 1, -1)), 4, NUMBERS)
    np.testing.assert_array_equal(np.moveaxis(last, -1, 1), changed)
    for colour in range(3):
        np.testing.assert_array_equal(transform(first[:, colour], 4, NUMBERS), changed[:, colour])


# ---------------------------------------------------------------------- naive forms


def bilinear(image, row, column):
    """The value between four pixels, 0 outside of the image."""
    top, left = math.floor(row), math.floor(column)
    value = 0.0
    for i, weight in ((top, 1 - row + top), (top + 1, row - top)):
        for j, share in ((left, 1 - column + left), (left + 1, column - left)):
            if 0 <= i < image.shape[0] and 0 <= j < image.shape[1]:
                value += weight * share * image[i, j]
    return value


def smoothed(field, sigma):
    """A field, 0 outside, under a Gaussian that ends at four of its widths."""
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
    padded = np.pad(field, reach)
    return np.array([[(padded[i:i + 2 * reach + 1, j:j + 2 * reach + 1] * kernel).sum()
                      for j in range(field.shape[1])] for i in range(field.shape[0])])


def test_elastic_is_what_simard_and_colleagues_describe():
    image = samples((12, 10), "float64")[0]
    alpha, sigma, seed, number = 25.0, 2.0, 3, np.array([6])
    field = 2 * uniform(seed, number, (2, 12, 10))[0] - 1
    assert field.min() < -0.9 and field.max() > 0.9
    by_row, by_column = (alpha * smoothed(part, sigma) for part in field)
    assert 0.5 < np.abs(by_row).max() < 8
    expected = [[bilinear(image, i + by_row[i, j], j + by_column[i, j]) for j in range(10)] for i in range(12)]
    found = make(f"elastic(alpha={alpha}, sigma={sigma})")[0](image[None], seed, number)[0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_worked_example_of_the_paper():
    """Pixel A at (0, 0) is displaced by 1.75 to the right and half a pixel down; neighbours there are 3, 7 and 5, 9."""
    image = np.array([[0.0, 3.0, 7.0], [0.0, 5.0, 9.0]])[None, None]
    assert images.between(image, np.full((1, 1, 1), 0.5), np.full((1, 1, 1), 1.75)).item() == 7.0


def test_shift_cuts_a_window_out_of_the_padded_image_and_all_windows_come():
    image = samples((5, 4))[:1] + 1
    padded = np.pad(image[0], 2)
    windows = {padded[i:i + 5, j:j + 4].tobytes() for i in range(5) for j in range(5)}
    found = {each.tobytes() for each in make("shift(pixels=2)")[0](np.repeat(image, 500, 0), 0, np.arange(500))}
    assert found == windows


def test_crop_stretches_a_part():
    image = samples((6, 5), "float64")[:1]
    found = {each.tobytes(): each for each in make("crop(pixels=2)")[0](np.repeat(image, 200, 0), 1, np.arange(200))}
    parts = [[[bilinear(image[0], top + i * 3 / 5, left + j * 2 / 4) for j in range(5)] for i in range(6)]
             for top in range(3) for left in range(3)]
    assert len(found) == 9
    for part in parts:
        assert any(np.allclose(part, each, atol=1e-12) for each in found.values())
    with pytest.raises(PlasticityError, match=r"crop\(pixels=5\) leaves nothing of images of 6 by 5 pixels"):
        make("crop(pixels=5)")[0](image, 0, np.arange(1))


def test_flip_mirrors_so_many():
    x = samples((3, 4))[:1].repeat(2000, 0)
    flipped = make("flip(p=0.3)")[0](x, 0, np.arange(2000))
    mirrored = (flipped == x[..., ::-1]).all((1, 2))
    assert (flipped[~mirrored] == x[~mirrored]).all() and 0.26 < mirrored.mean() < 0.34


def test_flicker_noise_and_what_they_draw():
    x = np.full((300, 40), 0.5)
    numbers = np.arange(300)
    dimmed = make("flicker(strength=0.4)")[0](x, 0, numbers) / x
    assert dimmed.min() >= 0.6 and dimmed.max() <= 1 and abs(dimmed.mean() - 0.8) < 0.01
    added = make("noise(sd=0.2)")[0](x, 0, numbers) - x
    assert abs(added.mean()) < 0.01 and abs(added.std() - 0.2) < 0.01
    drawn = normal(0, numbers, (40,))
    assert abs((drawn**4).mean() - 3) < 0.2 and abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 0.03
    counted = np.bincount(whole(5, np.arange(7000), 7), minlength=7)
    assert counted.size == 7 and (abs(counted - 1000) < 150).all()


def test_time_shift_moves_whole_sequences():
    x = samples((6, 3))[:1].repeat(200, 0) + 1
    by = make("time_shift(steps=2)")[0](x, 0, np.arange(200))
    moved = [np.vstack([np.zeros((max(k, 0), 3)), x[0, max(-k, 0):6 - max(k, 0)], np.zeros((max(-k, 0), 3))])
             for k in range(-2, 3)]
    assert {each.tobytes() for each in by} == {each.astype("float32").tobytes() for each in moved}


# ---------------------------------------------------------------------- by name, own, kept


def test_texts_objects_functions_and_tuples_of_them(tmp_path):
    def brighter(x, seed):
        return x + seed % 2 + 1

    def by_number(x, seed, numbers):
        return x + numbers[:, None, None]

    file = tmp_path / "mine.py"
    file.write_text("def halved(x, seed): return x / 2\n"
                    "def scaled(by=3):\n    return lambda x, seed: x * by\n")
    made = make(("shift(pixels=1)+flip", make("noise(sd=1e+2)"), brighter, f"{file}:halved+{file}:scaled(by=4)"))
    assert [each.name for each in made[:5]] == ["shift", "flip", "noise", "brighter", "halved"]
    assert text_of(made[:3]) == "shift(pixels=1)+flip(p=0.5)+noise(sd=100.0)" and make(text_of(made[:3])) == made[:3]
    x = samples()
    np.testing.assert_allclose(made[5](made[4](x, 0, NUMBERS), 0, NUMBERS), 2 * x, rtol=1e-6)
    np.testing.assert_allclose(make(by_number)[0](x, 0, NUMBERS) - x, np.broadcast_to(NUMBERS[:, None, None], x.shape),
                               rtol=1e-6)
    assert {float((make(brighter)[0](x, seed, NUMBERS) - x).round().max()) for seed in range(20)} == {1.0, 2.0}
    assert make(None) == make(()) == () and text_of(()) is None
    with pytest.raises(PlasticityError, match=r"augmentation <lambda> answers shape \(5, 99\) for samples of shape"):
        make(lambda x, seed: x.reshape(len(x), -1))[0](x, 0, NUMBERS)


@pytest.mark.parametrize(("augment", "message"), [
    ("shfit", "unknown augmentation 'shfit'; did you mean 'shift'"),
    ("shift(pixel=2)", "augmentation 'shift': got an unexpected keyword argument 'pixel'"),
    ("shift(pixels=-1)", "pixels must be a whole number of at least 0"),
    ("flip(p=2)", "p must be from 0 to 1"), ("elastic(sigma=0)", "sigma must be above 0 and at most 1000"),
    ("elastic(alpha=inf)", "alpha must be"), ("flip+", "cannot read ''"), (3, "augment must be a text"),
    (("flip", 0.5), "augment must be a text")])
def test_what_there_is_not_is_refused(augment, message):
    with pytest.raises(PlasticityError, match=message):
        make(augment)


@pytest.mark.parametrize("name", catalogue)
def test_they_are_kept_by_name(name):
    made = make(f"{name}({STRENGTHS[name][1]})")
    assert unpack(json.loads(json.dumps(pack(made)[0]))) == made and isinstance(made[0], Augmentation)
    with pytest.raises(PlasticityError, match="not of the catalogue but made of a function"):
        pack(make(lambda x, seed: x))
