"""Rules, trains and devices for the torch engine's tests."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from plasticity.engines.replay import replay
from plasticity.language.rule import Rule, State, Trace

torch.set_num_threads(1)
CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"))
#: "unlisted" is the CPU doing what a GPU does: no spikes are listed, nothing is skipped.
DEVICES = ["unlisted", CUDA]
DT = 1e-3
X, Y = Trace(20e-3), Trace(30e-3)

SPIKE_RULES = {
    "pair": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "-a * y"}, on_post={"w": "b * x"},
                 params={"a": 0.011, "b": 0.01}, w_min=0.0, w_max=1.0),
    "nearest": Rule(pre={"x": Trace(20e-3, "set")}, post={"y": Trace(30e-3, "set")}, on_pre={"w": "-0.01 * y"},
                    on_post={"w": "0.012 * x"}, w_min=0.0, w_max=1.0),
    "triplet": Rule(pre={"x": X, "x2": Trace(90e-3)}, post={"y": Y, "y2": Trace(110e-3)},
                    on_pre={"w": "-y * (0.007 + 0.0023 * x2)"}, on_post={"w": "x * (0.005 + 0.0062 * y2)"}),
    "powers": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "-0.02 * y * (w / w_max)**mu"},
                   on_post={"w": "0.02 * x * (1 - w / w_max)**mu"}, params={"mu": 0.4}, w_min=0.0, w_max=1.3),
    "multiplicative": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "-0.02 * y * (w - w_min)**1"},
                           on_post={"w": "0.02 * (x - target) * (w_max - w)**mu"}, params={"mu": 1.0, "target": 0.3},
                           w_min=0.0, w_max=1.0),
    "mixed": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "0.01 * (x - w)**2 - 0.02 * (y - 0.5 * w) * (1 - x)"},
                  on_post={"w": "0.01 * exp(-(x - w)**2) + 0.003"}),
    "divided": Rule(pre={"x": X}, post={"y": Trace(30e-3, initial=0.5)},
                    on_pre={"w": "-0.01 * y / (y + w) + 0.01 / (1 + x)"},
                    on_post={"w": "0.01 * x * (x > y) + 0.002 * log(1 + x) / y"}),
    "drifting": Rule(pre={"x": X, "u": State(initial=0.4)}, post={"y": Y},
                     on_pre={"u": "0.1 * (1 - u)", "w": "u * 0.01"}, on_post={"w": "0.01 * x * u - 0.002 * y"}),
    "eligibility": Rule(pre={"x": X}, post={"y": Y}, syn={"e": State(50e-3, initial=0.2)}, on_pre={"e": "-0.3 * y"},
                        on_post={"e": "0.4 * x + 0.01 * w"}, on_step={"dw/dt": "0.8 * e * reward"},
                        signals={"reward": "global"}, w_min=-1.0, w_max=2.0),
}
STEP_RULES = {
    "oja": Rule(on_step={"dw/dt": "3.0 * (post_rate * pre_rate - post_rate**2 * w)"},
                reads={"pre_rate": "pre", "post_rate": "post"}),
    "bcm": Rule(post={"theta": State(initial=0.5, keep=True)},
                on_step={"dtheta/dt": "(post_rate**2 - theta) / tau",
                         "dw/dt": "post_rate * (post_rate - theta) * pre_rate"},
                params={"tau": 0.05}, reads={"pre_rate": "pre", "post_rate": "post"}),
    "sanger": Rule(on_step={"dw/dt": "post_rate * (pre_rate - prefix_sum(w * post_rate))"},
                   reads={"pre_rate": "pre", "post_rate": "post"}),
    "softmax": Rule(on_step={"dw/dt": "softmax(2 * post_rate) * (pre_rate - post_rate * w)"},
                    reads={"pre_rate": "pre", "post_rate": "post"}),
    "krotov": Rule(on_step={"dw/dt": "(g - 0.4 * (rank(post_rate) == 2)) * (pre_rate - w)"},
                   let={"g": "rank(post_rate) < 1"},
                   reads={"pre_rate": "pre", "post_rate": "post"}),
    "reduced": Rule(on_step={"dw/dt": "u * (post_rate - sum_post(post_rate) / 5) - 0.1 * max_post(w * u)"},
                    let={"u": "pre_rate"}, reads={"pre_rate": "pre", "post_rate": "post"}),
    "delayed": Rule(pre={"x": X}, on_step={"dw/dt": "x * (delayed(post_rate, 7*lag) - post_rate)"},
                    params={"lag": 1e-3}, reads={"post_rate": "post"}),
    "calcium": Rule(syn={"c": State(40e-3), "s": State(initial=0.3)}, on_pre={"c": "0.8"}, on_post={"c": "1.1"},
                    on_step={"ds/dt": "5 * ((c > 1) * (1 - s) - (c > 0.6) * s) + 0.2 * noise", "w": "0.1 + 0.5 * s"}),
    "noisy": Rule(pre={"x": X}, post={"y": Y}, on_step={"dw/dt": "0.01 * noise * (x > 0) + x * y * M * a"},
                  on_post={"w": "0.001 * post_rate"}, reads={"post_rate": "post"}, signals={"M": "global", "a": "pre"},
                  w_min=0.0, w_max=1.0),
    "eprop": Rule(syn={"ea": State(), "e": State()}, pre={"z": Trace(20e-3)},
                  on_step={"ea": "psi * z + (0.9 - psi * 0.3) * ea", "e": "0.8 * e + psi * (z - 0.3 * ea)",
                           "dw/dt": "-L * e"}, reads={"psi": "post"}, signals={"L": "post"}),
}


on_each_device = pytest.mark.parametrize("device", DEVICES, indirect=True)


def trains(seed=0, batch=2, steps=70, n_pre=6, n_post=5):
    """Random spikes with many coincidences, and silent neurons."""
    rng = np.random.default_rng(seed)
    pre, post = (rng.random((steps, batch, n)) < 0.15 for n in (n_pre, n_post))
    pre[::9], post[::9] = pre[::9] | True, post[::9] | True
    pre[:, :, 0], post[:, 0, 1] = False, False
    return pre, post, rng.uniform(0.1, 0.9, (n_pre, n_post))


def signals_of(rule, pre, post, seed=1):
    rng = np.random.default_rng(seed)
    shapes = {"pre": pre.shape, "post": post.shape, "global": pre.shape[:2]}
    return {name: rng.random(shapes[place]) for name, place in {**rule.reads, **rule.signals}.items()}


def both(rule, pre, post, w, device="cpu", dtype="float64", **options):
    given = {**signals_of(rule, pre, post), **options}
    return (replay(rule, w, pre, post, DT, engine="torch", device=device, dtype=dtype, weights_every=10, **given),
            replay(rule, w, pre, post, DT, engine="interpreter", weights_every=10, **given))


def agree(rule, found, expected, tolerance=1e-10):
    assert np.abs(expected.trajectory[-1] - expected.trajectory[0]).max() > 1e-3, "the rule did nothing"
    np.testing.assert_allclose(found.w, expected.w, atol=tolerance, rtol=tolerance)
    np.testing.assert_allclose(found.trajectory, expected.trajectory, atol=tolerance, rtol=tolerance)
    assert set(found.traces) == set(rule.variables)
    for name, trace in expected.traces.items():
        np.testing.assert_allclose(found.traces[name], trace, atol=tolerance, rtol=tolerance)
