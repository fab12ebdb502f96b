"""The fused e-prop kernel against eligibility traces run forwards and autograd."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.fused import Layer, Rate, Weights, gradient, run
from plasticity.engines.gradient.fused.events import events
from plasticity.errors import PlasticityError

N_IN, N, N_OUT, STEPS = 7, 6, 3, 60
MIXED = np.array([0.0, 0.0, 0.0, 0.3, 0.9, 1.7])
RESETS = [{"reset": "subtract"}, {"reset": "subtract_delayed"}, {"reset": "fixed", "reset_to": 0.15},
          {"reset": "fixed", "reset_to": -0.2, "arrivals": "lost"}, {"reset": "clamped", "reset_to": 0.1},
          {"reset": "clamped", "arrivals": "lost"}]


def names(options):
    return "-".join(str(value) for value in options.values())


def task(seed=0, samples=1, steps=STEPS, autapses=False):
    """Weights, input spikes bool [samples, steps, N_IN] and target signals: strong enough for many spikes."""
    rng = np.random.default_rng(seed)
    w_in, w_rec = rng.normal(0.25, 0.5, (N_IN, N)), rng.normal(0, 0.4, (N, N))
    if not autapses:
        np.fill_diagonal(w_rec, 0)
    weights = Weights(w_in, w_rec, rng.normal(0, 1, (N, N_OUT)))
    return weights, rng.random((samples, steps, N_IN)) < 0.25, rng.normal(0, 1, (samples, steps, N_OUT))


def naive(layer, weights, x, target, loss="mse", mask=None, feedback=None, rate=None):
    """One sample, every synapse with traces of its own, forwards in time: (loss, spikes, gradient)."""
    kappa = np.exp(-layer.dt / layer.tau_out)
    mask = np.ones(len(x)) if mask is None else mask
    feedback = weights.w_out if feedback is None else feedback
    spikes, eligibility = traces(layer, weights, x)
    push = 0 if rate is None else rate.strength * (spikes.mean(0) - rate.target * layer.dt) / len(x)
    y, total, e_bar, z_bar, grad, g_out = np.zeros(N_OUT), 0.0, 0.0, np.zeros(N), 0.0, 0.0
    for z, e, goal, weight in zip(spikes, eligibility, target, mask, strict=True):
        y = kappa * y + (1 - kappa) * z @ weights.w_out
        p = np.exp(y) / np.exp(y).sum()
        total += weight * (0.5 * ((y - goal) ** 2).sum() if loss == "mse" else -(goal * np.log(p)).sum())
        error = weight * ((y if loss == "mse" else p) - goal)
        e_bar, z_bar = kappa * e_bar + (1 - kappa) * e, kappa * z_bar + (1 - kappa) * z
        grad += (feedback @ error) * e_bar + push * e
        g_out += np.outer(z_bar, error)
    g_in, g_rec = grad[:N_IN], grad[N_IN:]
    if not layer.autapses:
        np.fill_diagonal(g_rec, 0)
    return total, spikes, Weights(g_in, g_rec, g_out)


def traces(layer, weights, x):
    """Spikes bool [T, N] and the eligibility of every synapse [T, N_IN + N, N]."""
    a, rho, wait = np.exp(-layer.dt / layer.tau), np.exp(-layer.dt / layer.tau_a), round(layer.refractory / layer.dt)
    v, adapt, z, free_at, resting, spikes, found = *np.zeros((4, N)), np.zeros(N, bool), [], []
    eps, eps_a, e = np.zeros((3, N_IN + N, N))
    for t in range(len(x)):
        rested, resting = resting, t < free_at
        pre = np.concatenate([x[t], z])
        v, by_v, by_z, by_pre = membrane(layer, a, v, z, pre @ np.vstack(weights[:2]), rested, resting)
        by_z = by_z * layer.reset_credit
        if layer.autapse_credit:
            by_z = by_z + by_pre * np.diagonal(weights.w_rec)
        eps, eps_a = by_v * eps + by_z * e + by_pre * pre[:, None], rho * eps_a + e
        adapt = rho * adapt + z
        over = v - layer.threshold - layer.beta * adapt
        psi = layer.dampening / layer.threshold * np.maximum(0, 1 - np.abs(over) / (layer.width or layer.threshold))
        e = np.where(resting, 0, psi) * (eps - layer.beta * eps_a)
        z = ((over >= 0) & ~resting).astype(float)
        free_at = np.where(z > 0, t + wait, free_at)
        spikes.append(z > 0)
        found.append(e)
    return np.array(spikes), found


def membrane(layer, a, v, z, sent, rested, resting):
    """(v, and its derivatives by the v before, by the own spike z before, by what was sent now)."""
    th, to, s, ones = layer.threshold, layer.reset_to, layer.input_scale, np.ones(N)
    if layer.reset == "subtract":
        return a * (v - th * z) + s * sent, a * ones, -a * th * ones, s * ones
    if layer.reset == "subtract_delayed":
        return a * v - th * z + s * sent, a * ones, -th * ones, s * ones
    clamped, lost = layer.reset == "clamped", layer.arrivals == "lost"
    by_pre = s * ones * (~((z > 0) | (rested & clamped)) if lost else 1)
    new = a * np.where(z > 0, to, v) + by_pre * sent
    by_v, by_z = a * (1 - z), a * (to - v) - s * sent * lost
    hold = resting & clamped
    return np.where(hold, to, new), *(np.where(hold, 0, by) for by in (by_v, by_z, by_pre))


def same(found, wanted, tolerance=1e-10):
    """Every array within `tolerance` of its largest entry, which must not be zero."""
    for one, other in zip(found, wanted, strict=True):
        largest = np.abs(other).max()
        assert largest > 1e-6
        assert np.abs(one - other).max() <= tolerance * largest


def check(layer, weights, x, target, loss="mse", **options):
    """The kernel equals the naive loop, on a network that spikes, rests and differs from neuron to neuron."""
    found = gradient(layer, weights, x[None], target[None], loss=loss, record=True, threads=1, **options)
    total, spikes, wanted = naive(layer, weights, x, target, loss, **options)
    assert (found.spikes[0] == spikes).all()
    assert 0.04 < spikes.mean() < 0.6
    assert found.loss[0] == pytest.approx(total, rel=1e-12)
    same(found.gradient, wanted)
    return found


@pytest.mark.parametrize("reset", RESETS, ids=names)
@pytest.mark.parametrize("beta", [0.0, MIXED], ids=["lif", "mixed"])
@pytest.mark.parametrize("refractory", [0.0, 1e-3, 4e-3])
@pytest.mark.parametrize("credit", [False, True], ids=["cut", "credit"])
def test_equals_eligibility_traces_run_forwards(reset, beta, refractory, credit):
    weights, x, target = task(3, autapses=credit)
    layer = Layer(beta=beta, tau_a=0.05, refractory=refractory, autapses=credit, autapse_credit=credit,
                  reset_credit=credit, **reset)
    check(layer, weights, x[0], target[0])


@pytest.mark.parametrize("credit", [{}, {"reset_credit": True}, {"autapse_credit": True}], ids=names)
def test_autapses(credit):
    weights, x, target = task(4, autapses=True)
    found = check(Layer(beta=MIXED, autapses=True, **credit), weights, x[0], target[0])
    assert (np.diagonal(found.gradient.w_rec) != 0).any()
    np.fill_diagonal(weights.w_rec, 0)
    without = check(Layer(beta=MIXED), weights, x[0], target[0])
    assert (np.diagonal(without.gradient.w_rec) == 0).all()


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_losses_masks_feedback_and_rate(loss):
    weights, x, target = task(5)
    rng = np.random.default_rng(1)
    target = np.eye(N_OUT)[rng.integers(0, N_OUT, STEPS)] if loss == "cross_entropy" else target[0]
    mask = rng.random(STEPS) * (np.arange(STEPS) > 30)
    layer = Layer(beta=MIXED, tau_out=7e-3, input_scale=0.8, width=0.6, dampening=0.4)
    found = check(layer, weights, x[0], target, loss=loss, mask=mask, feedback=rng.normal(0, 1, (N, N_OUT)),
                  rate=Rate(3.0, 40.0))
    plain = gradient(layer, weights, x, target[None], loss=loss, mask=mask)
    assert np.abs(found.gradient.w_in - plain.gradient.w_in).max() > 1e-3 * np.abs(plain.gradient.w_in).max()
    assert np.array_equal(found.gradient.w_out, plain.gradient.w_out)


class Spike(torch.autograd.Function):
    """A step whose derivative is the triangle of e-prop."""

    @staticmethod
    def forward(ctx, over, psi):
        ctx.save_for_backward(psi)
        return (over >= 0).to(over)

    @staticmethod
    def backward(ctx, arrived):
        return arrived * ctx.saved_tensors[0], None


def by_autograd(layer, weights, x, target):
    """Backpropagation through time; only the reset is cut unless the layer says otherwise."""
    w_in, w_rec, w_out = (torch.tensor(w, requires_grad=True) for w in weights)
    a, rho, kappa = (np.exp(-layer.dt / tau) for tau in (layer.tau, layer.tau_a, layer.tau_out))
    beta, th = torch.tensor(np.broadcast_to(layer.beta, N).copy()), layer.threshold
    v = adapt = z = torch.zeros(N, dtype=torch.float64)
    y, total, since = torch.zeros(N_OUT, dtype=torch.float64), 0.0, np.full(N, 10**6)
    wait, was = round(layer.refractory / layer.dt), torch.zeros(N, dtype=torch.bool)
    for row, goal in zip(torch.tensor(x, dtype=torch.float64), torch.tensor(target), strict=True):
        since = since + 1
        resting = torch.tensor(since < wait)
        r = z if layer.reset_credit else z.detach()
        arriving = row @ w_in + z @ w_rec
        if layer.reset == "subtract":
            v = a * (v - th * r) + arriving
        elif layer.reset == "subtract_delayed":
            v = a * v - th * r + arriving
        else:
            clamped = layer.reset == "clamped"
            if layer.arrivals == "lost":
                arriving = arriving * (1 - r) * ~(was & clamped)
            v = a * (v * (1 - r) + layer.reset_to * r) + arriving
            v = torch.where(resting & clamped, layer.reset_to, v)
        adapt = rho * adapt + z
        over = v - th - beta * adapt
        psi = layer.dampening / th * (1 - over.detach().abs() / th).clamp(min=0)
        z = Spike.apply(over, psi) * ~resting
        since = np.where(z.detach().numpy() > 0, 0, since)
        was = resting
        y = kappa * y + (1 - kappa) * z @ w_out
        total = total + 0.5 * ((y - goal) ** 2).sum()
    total.backward()
    return Weights(w_in.grad.numpy(), w_rec.grad.numpy(), w_out.grad.numpy())


@pytest.mark.parametrize("reset", RESETS, ids=names)
@pytest.mark.parametrize("credit", [False, True], ids=["cut", "credit"])
@pytest.mark.parametrize("refractory", [0.0, 4e-3])
def test_is_backpropagation_where_no_path_leads_through_other_neurons(reset, credit, refractory):
    weights, x, target = task(6, autapses=True)
    weights.w_rec[:] = np.diag(np.diagonal(weights.w_rec))
    layer = Layer(beta=MIXED, tau_a=0.05, refractory=refractory, autapses=True, autapse_credit=True,
                  reset_credit=credit, **reset)
    found = gradient(layer, weights, x, target, loss="mse").gradient
    wanted = by_autograd(layer, weights, x[0], target[0])
    # weights between different neurons are zero here, but BPTT's gradient for them is e-prop's too
    same(found, wanted)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_batch_is_the_sum_of_its_samples(threads):
    weights, x, target = task(7, samples=5)
    mask = np.random.default_rng(0).random((5, STEPS))
    layer, rate = Layer(beta=MIXED, refractory=2e-3), Rate(2.0, 20.0)
    batch = gradient(layer, weights, x, target, loss="mse", mask=mask, rate=rate, threads=threads, record=True)
    singles = [gradient(layer, weights, x[s:s + 1], target[s:s + 1], loss="mse", mask=mask[s], rate=rate, threads=1)
               for s in range(5)]
    same(batch.gradient, [sum(parts) for parts in zip(*(one.gradient for one in singles), strict=True)], 1e-13)
    assert np.array_equal(batch.loss, np.concatenate([one.loss for one in singles]))
    assert np.array_equal(batch.readout, np.concatenate([one.readout for one in singles]))
    assert np.array_equal(batch.counts, batch.spikes.sum(1))
    again = gradient(layer, weights, x, target, loss="mse", mask=mask, rate=rate, threads=threads)
    assert all(np.array_equal(one, other) for one, other in zip(batch.gradient, again.gradient, strict=True))


def test_events_dense_input_and_running_alone_are_the_same():
    weights, x, target = task(8, samples=3)
    layer, events = Layer(beta=MIXED), Spikes.from_dense(x)
    dense = gradient(layer, weights, x, target, loss="mse", record=True)
    part = gradient(layer, weights, events[1:], target[1:], loss="mse", record=True)
    assert np.array_equal(dense.loss[1:], part.loss)
    alone = run(layer, weights, events, record=True)
    assert np.array_equal(alone.readout, dense.readout) and np.array_equal(alone.spikes, dense.spikes)
    assert alone.gradient is None and alone.loss is None


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 1, 1), (2, 4, 8), (4, 3, 17), (2, 1, 5)])
@pytest.mark.parametrize("density", [0.0, 0.1, 1.0])
def test_reading_events(shape, density):
    dense = np.random.default_rng(1).random(shape) < density
    for given in (dense, np.asfortranarray(dense)):
        found, wanted = events(given, "x", shape[2]), Spikes.from_dense(dense)
        assert np.array_equal(found.ptr, wanted.ptr) and np.array_equal(found.index, wanted.index)
        assert found.ptr.dtype == wanted.ptr.dtype and found.index.dtype == wanted.index.dtype


def test_class_numbers_are_one_hot_targets():
    weights, x, _ = task(9, samples=3)
    labels = np.array([2, 0, 1])
    forms = [labels, np.repeat(labels[:, None], STEPS, 1), np.eye(N_OUT)[labels],
             np.repeat(np.eye(N_OUT)[labels][:, None], STEPS, 1)]
    found = [gradient(Layer(), weights, x, form, threads=1) for form in forms]
    for one, other in pairwise(found):
        assert np.array_equal(one.gradient.w_in, other.gradient.w_in) and np.array_equal(one.loss, other.loss)


def test_without_recurrent_weights():
    weights, x, target = task(10)
    zero = gradient(Layer(), weights._replace(w_rec=np.zeros((N, N))), x, target, loss="mse").gradient
    none = gradient(Layer(), weights._replace(w_rec=None), x, target, loss="mse").gradient
    assert none.w_rec is None
    assert np.array_equal(none.w_in, zero.w_in) and np.array_equal(none.w_out, zero.w_out)


def test_single_precision():
    weights, x, target = task(11, samples=2)
    layer = Layer(beta=MIXED, refractory=2e-3)
    double = gradient(layer, weights, x, target, loss="mse", record=True)
    single = gradient(layer, Weights(*(w.astype(np.float32) for w in weights)), x, target, loss="mse", record=True)
    assert single.gradient.w_in.dtype == single.readout.dtype == np.float32
    assert np.array_equal(single.spikes, double.spikes)
    same(single.gradient, double.gradient, 1e-4)


def test_silence_stays_fast_and_exact():
    """Signals that fade for thousands of steps end at zero, not in the slow numbers below the smallest normal one."""
    weights, x, target = task(12, steps=4000)
    x[:, 20:-20] = False
    single = Weights(*(w.astype(np.float32) for w in weights))
    found = gradient(Layer(), single, x, target, loss="mse", mask=np.arange(4000) < 40)
    assert np.abs(found.readout[0, 3900]).max() == 0
    short = gradient(Layer(), single, x[:, :40], target[:, :40], loss="mse")
    same(found.gradient, short.gradient, 1e-6)


@pytest.mark.parametrize("change, message", [
    ({"reset": "hard"}, "reset"), ({"tau": 0.0}, "tau must be"), ({"refractory": -1e-3}, "refractory"),
    ({"arrivals": "lost"}, "arrivals"), ({"autapse_credit": True}, "autapses=True"),
    ({"beta": np.ones((2, 2))}, "beta"), ({"threshold": float("nan")}, "threshold")])
def test_layers_that_cannot_be(change, message):
    with pytest.raises(PlasticityError, match=message):
        Layer(**change)


def test_input_that_does_not_fit():
    weights, x, target = task(13, samples=2, autapses=True)
    layer = Layer(autapses=True)
    bad = [(Layer(), weights, x, target, {}, "autapses"), (layer, weights, x[:, :, 1:], target, {}, "inputs"),
           (layer, weights, x, target[:, 1:], {}, "targets"), (layer, weights, x, target, {"mask": np.ones(3)}, "mask"),
           (layer, weights, x, target, {"feedback": np.ones((N_OUT, N))}, "feedback"),
           (layer, weights, x, target, {"loss": "hinge"}, "loss"), (layer, weights, x, [3, 0], {}, "class numbers"),
           (layer, weights, x, target, {"threads": 0}, "threads"),
           (layer, weights, x, target, {"rate": Rate(1.0, float("nan"))}, "rate"),
           (layer, weights._replace(w_rec=np.zeros((2, 2))), x, target, {}, "w_rec"),
           (layer, weights._replace(w_out=np.zeros((2, 2))), x, target, {}, "w_out"),
           (Layer(beta=np.ones(3)), weights, x, target, {}, "autapses|beta"),
           (layer, weights._replace(w_in=weights.w_in.astype(int)), x, target, {}, "w_in"),
           (layer, weights, x[:0], target[:0], {}, "inputs hold 0"),
           (layer, weights, Spikes(np.array([[0, 1]]), np.array([N_IN], np.int32), N_IN), target[:1], {}, "0 to")]
    for *given, options, message in bad:
        with pytest.raises(PlasticityError, match=message):
            gradient(*given, **options)
