"""Reward rules: what one pair leaves, and that each of them learns a task from reward alone."""

import numpy as np
import pytest
from scipy.signal import lfilter
from support import xor

from plasticity import PlasticityError, engines, replay, rules
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons import lif

DT = 1e-3


def pair(lag, steps=400):
    """One presynaptic spike in step 50 and a postsynaptic one `lag` steps later."""
    pre, post = np.zeros((steps, 1), bool), np.zeros((steps, 1), bool)
    pre[50], post[50 + lag] = True, True
    return pre, post


def window(lag, a_plus, a_minus):
    return a_plus * np.exp(-lag / 20) if lag >= 0 else -a_minus * np.exp(lag / 20)


def change(rule, trains, **signals):
    return replay(rule, np.array([[0.5]]), *trains, DT, "interpreter", **signals).w[0, 0] - 0.5


@pytest.mark.parametrize("lag", [-30, -5, 0, 5, 30])
@pytest.mark.parametrize("reward", [1.0, -0.5, 0.0])
def test_reward_multiplies_the_window(lag, reward):
    constant = np.full(400, reward)
    expected = 0.1 * reward * window(lag, 1.0, 1.0)
    assert change(rules.mstdp(), pair(lag), reward=constant) == pytest.approx(expected, abs=1e-14)
    # the eligibility is spent within 25 ms; forward Euler in steps of 1 ms sums 2 % less than the integral
    assert change(rules.mstdpet(0.1), pair(lag), reward=constant) == pytest.approx(expected, rel=0.025, abs=1e-12)


@pytest.mark.parametrize("delay", [0.1, 0.2])
def test_only_eligibility_remembers_the_pair_until_a_late_reward(delay):
    late = np.zeros(400)
    at = 55 + round(delay / DT)
    late[at] = 1.0
    assert change(rules.mstdp(), pair(5), reward=late) == 0.0
    expected = 0.625 * DT * window(5, 1, 1) / 25e-3 * np.exp(-delay / 25e-3)
    assert change(rules.mstdpet(), pair(5), reward=late) == pytest.approx(expected, rel=1e-9)
    expected = DT * window(5, 1.0, 1.5) * np.exp(-delay)
    assert change(rules.dopamine_stdp(), pair(5), dopamine=late) == pytest.approx(expected, rel=1e-9)


def test_dopamine_solves_the_distal_reward_problem():
    """Izhikevich 2007, figure 1: whenever synapse 0 happens to see a pair, reward follows 1 to 3 seconds later."""
    rng, steps, n = np.random.default_rng(4), 600_000, 30
    pre, post = rng.random((steps, n)) < 3e-3, rng.random((steps, 1)) < 3e-3
    dopamine = np.zeros(steps)
    for t in np.flatnonzero(post[:, 0]):
        if pre[max(t - 10, 0):t + 1, 0].any():
            dopamine[min(t + rng.integers(1000, 3000), steps - 1)] += 1.5
    dopamine = lfilter([1.0], [1.0, -np.exp(-DT / 0.2)], dopamine)
    w = replay(rules.dopamine_stdp(), np.full((n, 1), 1.0), pre, post, DT, "event", dopamine=dopamine).w[:, 0]
    assert w[0] > 1.5 and w[1:].max() < 1.0  # synapse 0 grows, all others shrink


def choosing(rule, signal, scale=2.2e-3):
    """Two neurons that inhibit each other, driven by two groups of 10 inputs that learn, and by noise."""
    neuron = lif(v_rest=-65e-3, v_reset=-65e-3, v_threshold=-52e-3, tau=20e-3, refractory=2e-3)
    rng = np.random.default_rng(1)
    noise = np.zeros((20, 2))
    noise[:10, 0] = noise[10:, 1] = 1.0
    return Network(
        (Input("stimulus", 20), Input("noise", 20)), (Population("actor", 2, neuron),), dt=DT,
        signals=(Signal(signal),), projections=(
            Projection("stimulus", "actor", 0.4 + 0.2 * rng.random((20, 2)), onto="v", scale=scale, rule=rule),
            Projection("noise", "actor", noise, "dense", onto="v", scale=1.5e-3),
            Projection("actor", "actor", 1.0, "all_but_self", onto="v", scale=-8e-3, label="rivalry")))


def two_choices(rule, signal, level, trials=600, wait=20, seed=3):
    """Answers whether each choice was right: a stimulus for 100 ms, then reward by what the neurons did.

    The signal is the reward (1 or 0) minus its running mean.
    """
    rng, mean = np.random.default_rng(seed), 0.5
    simulation = engines.build(choosing(rule, signal), "event")
    right = np.zeros(trials, bool)
    for trial in range(trials):
        target = rng.integers(2)
        stimulus = np.zeros((1, 100, 20), bool)
        stimulus[..., 10 * target:10 * target + 10] = rng.random((1, 100, 10)) < 0.05
        noise = rng.random((1, 100, 20)) < 0.05
        counts = simulation.run({"stimulus": stimulus, "noise": noise}, signals={signal: np.zeros((1, 100))})
        counts = counts.counts["actor"][0] + 1e-3 * rng.random(2)
        right[trial] = counts.argmax() == target
        surprise = level * (right[trial] - mean)
        mean += 0.05 * (right[trial] - mean)
        simulation.run({}, wait, signals={signal: np.full((1, wait), surprise)}, reset=False)
    return right


TASKS = {"mstdpet": (rules.mstdpet(0.4, 1.0, 0.5), "reward", 1.0), "dopamine_stdp": (
    rules.dopamine_stdp(0.25, 0.125, w_max=1.0), "dopamine", 20.0)}


@pytest.mark.parametrize("name", TASKS)
def test_a_two_choice_task_is_learned_from_reward(name):
    right = np.array([two_choices(*TASKS[name], seed=seed) for seed in range(3)])
    assert (right[:, -100:].mean(1) > 0.93).all() and right[:, :10].mean() < 0.85
    rule, signal, _ = TASKS[name]
    assert two_choices(rule, signal, 0.0, trials=200).mean() < 0.75  # without reward nothing is learned


def test_xor_is_learned_from_reward_alone():
    """Florian 2007, figure 4, after a quarter of its rounds; docs/results/xor_reward.json has all of them."""
    simulation, rng = xor.build(rules.mstdpet, seed=0, form="discrete"), np.random.default_rng(0)
    before = xor.rates(simulation, rng)
    assert not xor.solved(before) and before[3] > 1.3 * max(before[1:3])
    xor.learn(simulation, 50, rng)
    after = xor.rates(simulation, rng)
    assert xor.solved(after) and after[3] < 0.6 * min(after[1:3]) and after[0] == 0


@pytest.mark.parametrize("make", [rules.mstdp, rules.mstdpet])
def test_a_neuron_learns_which_input_to_answer(make):
    """Spikes are rewarded while group 0 is active and punished while group 1 is; noise alone makes 20 Hz.

    The controls are rewarded or punished in each block by chance.
    """
    rng, blocks = np.random.default_rng(0), 200
    active = np.repeat(rng.integers(2, size=blocks), 100)
    stimulus = (rng.random((1, 100 * blocks, 20)) < 0.05) & (np.arange(20) // 10 == active[:, None])
    noise = rng.random((1, 100 * blocks, 20)) < 0.05
    reward = np.where(active == 0, 1.0, -1.0)
    simulation = engines.build(choosing(make(0.02, 1.0, 0.5), "reward"), "event")
    start = simulation.state()

    def learned(reward):
        simulation.restore(start)
        given = {"signals": {"reward": reward[None]}, "record": ["actor.spikes"]}
        simulation.run({"stimulus": stimulus, "noise": noise}, **given)
        spikes = simulation.run({"stimulus": stimulus, "noise": noise}, learn=False, **given).spikes["actor"].dense()[0]
        w = simulation.get("stimulus->actor.w")
        return [1e3 * spikes[active == group].mean(0) for group in (0, 1)], w[:10].mean() - w[10:].mean()

    def knows(rates, difference):
        return (rates[0] > 2 * rates[1]).all() and difference > 0.6

    assert knows(*learned(reward))
    by_chance = [learned(np.repeat(rng.choice([-1.0, 1.0], blocks), 100)) for _ in range(6)]
    assert not any(knows(*found) for found in by_chance)
    assert abs(np.mean([difference for _, difference in by_chance])) < 0.4


def escape(w, pre, tau_m=20e-3, tau_s=5e-3):
    """Rates (Hz) of neurons with escape noise whose potential the weights make: [steps, batch, post]."""
    traces = []
    for tau in (tau_m, tau_s):
        decayed = lfilter([1.0], [1.0, -np.exp(-DT / tau)], pre.astype(float), axis=0)
        traces.append(np.concatenate([0 * decayed[:1], decayed[:-1] * np.exp(-DT / tau)]))
    return 5.0 * np.exp(np.minimum((traces[0] - traces[1]) @ w, 4.0))


def test_r_max_proposes_nothing_on_average_and_the_gradient_with_reward():
    """With constant reward the mean change is 0; with the spike count as reward it is the count's gradient."""
    rng, batch, steps = np.random.default_rng(2), 4000, 60
    pre = np.repeat(rng.random((steps, 1, 3)) < 0.08, batch, 1)
    w = np.array([[0.2], [0.5], [0.8]])
    rho = escape(w, pre)
    post = rng.random(rho.shape) < DT * rho
    rule = rules.r_max(1.0, tau_e=1e6, w_min=-1e9, w_max=1e9)
    pulse = np.zeros((steps + 1, batch))
    pulse[-1] = 1 / DT

    def learned(reward):
        pad = [np.concatenate([part, np.zeros_like(part[:1])]) for part in (pre, post, rho)]
        return replay(rule, w, *pad[:2], DT, "interpreter", reduce="mean", rho=pad[2], reward=pulse * reward).w - w

    counts = post.sum((0, 2))
    nudged = [escape(w + 1e-4 * np.eye(3)[:, k:k + 1], pre[:, :1]).sum() * DT for k in range(3)]
    gradient = (np.array(nudged) - rho[:, :1].sum() * DT) / 1e-4
    assert abs(learned(1.0)).max() < 0.15 * gradient.max()
    np.testing.assert_allclose(learned(counts - counts.mean())[:, 0], gradient, atol=0.2 * gradient.max())


def r_max_two_choices(rewarded, trials=25):
    """Two stimuli, two neurons with escape noise; the signal is a reward for each trial, minus its mean."""
    rng, w, batch, steps = np.random.default_rng(0), np.full((20, 2), 0.3), 30, 100
    rule, accuracy = rules.r_max(0.4, w_min=0.0, w_max=1.0), []
    pulse = np.zeros((steps, batch))
    pulse[-1] = 1 / DT
    for _ in range(trials):
        target = rng.integers(2, size=batch)
        pre = (rng.random((steps, batch, 20)) < 0.04) & (np.arange(20) // 10 == target[:, None])
        rho = escape(w, pre)
        post = rng.random(rho.shape) < DT * rho
        right = (post.sum(0) + 1e-3 * rng.random((batch, 2))).argmax(1) == target
        accuracy.append(right.mean())
        reward = rewarded(rng, right)
        w = replay(rule, w, pre, post, DT, "interpreter", reduce="mean", rho=rho,
                   reward=pulse * (reward - reward.mean())).w
    return np.array(accuracy)


def test_r_max_learns_two_choices_from_reward_alone():
    """Reward where the right neuron spikes more often; the control gets as many rewards, for others' decisions."""
    accuracy = r_max_two_choices(lambda rng, right: right)
    assert accuracy[:2].mean() < 0.75 and accuracy[-10:].mean() > 0.93
    assert r_max_two_choices(lambda rng, right: rng.permutation(right))[-10:].mean() < 0.7


@pytest.mark.parametrize(("make", "arguments"), [
    (rules.dopamine_stdp, {"a_plus": -1.0}), (rules.dopamine_stdp, {"tau_c": 0.0}), (rules.mstdp, {"gamma": -0.1}),
    (rules.mstdp, {"tau_plus": 0.0}), (rules.mstdpet, {"tau_z": 0.0}), (rules.mstdpet, {"a_minus": float("nan")}),
    (rules.r_max, {"eta": -1.0}), (rules.r_max, {"tau_s": 20e-3}), (rules.r_max, {"tau_e": 0.0})])
def test_bad_values_are_refused(make, arguments):
    with pytest.raises(PlasticityError):
        make(**arguments)
