"""The training loop: what it stops for, what it keeps, and that an interrupted training ends with the same bits."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.base import clone

from plasticity import PlasticityError
from plasticity.encoding import catalogue
from plasticity.encoding.spikes import densified
from plasticity.errors import DataError
from plasticity.learner.gradient import GradientClassifier
from plasticity.learner.gradients.trainer import TorchTrainer
from plasticity.learner.loop import train
from plasticity.learner.methods import MethodClassifier
from plasticity.learner.plan import Plan
from plasticity.learner.targets import Targets
from plasticity.learner.training import Diverged, Training
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.runs import Run, load_arrays

N, INPUTS = 60, 6


pytestmark = pytest.mark.usefixtures("one_thread")


def samples(n=N, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return (rng.normal(size=(n, INPUTS)) + np.eye(3, INPUTS)[y] * 2).astype(np.float32), y


def taught(n=N, seed=0):
    x, y = samples(n, seed)
    return x, Targets(y)


class Linear:
    """Softmax regression with dropout, so that an update draws something; counts its updates, and can go wrong."""

    def __init__(self, seed=0, wrong_at=None, wrong="loss", after=None):
        torch.manual_seed(seed)
        self.module = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(INPUTS, 3))
        self.updates, self.wrong_at, self.wrong, self.after = 0, wrong_at, wrong, after or {}
        optimiser = torch.optim.Adam(self.module.parameters(), lr=0.05)
        self.learner = TorchTrainer(self.module, optimiser, self.gradient, self.scores)

    def gradient(self, x, targets, seed):
        self.module.train()
        number, self.updates = self.updates, self.updates + 1
        if number in self.after:
            self.after[number]()
        loss = torch.nn.functional.cross_entropy(self.module(torch.tensor(x)), torch.tensor(targets.values))
        loss.backward()
        if number == self.wrong_at and self.wrong == "gradient":
            self.module[1].bias.grad[1] = torch.inf
        return loss.detach() * (torch.nan if number == self.wrong_at and self.wrong == "loss" else 1)

    @torch.no_grad()
    def scores(self, x):
        self.module.eval()
        return self.module(torch.tensor(x)).numpy()

    @property
    def weights(self):
        return {name: value.clone() for name, value in self.module.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_orders_are_permutations_of_their_own_and_batches_cut_them():
    plan = Plan(epochs=3, batch=4, seed=5)
    steps = list(plan.steps(10))
    orders = [np.concatenate([s.samples for s in steps if s.epoch == epoch]) for epoch in range(3)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(orders, 2))
    assert [len(s.samples) for s in steps] == [4, 4, 2] * 3
    assert [s.shown for s in steps] == [4, 8, 10, 14, 18, 20, 24, 28, 30]
    assert [s.last for s in steps] == [False, False, True] * 3
    assert len({s.seed for s in steps}) == 9
    assert [s.done for s in steps] == pytest.approx(np.arange(9) / 9)


@pytest.mark.parametrize("shown", [0, 4, 8, 10, 18, 30])
def test_steps_go_on_where_they_stopped(shown):
    plan = Plan(epochs=3, batch=4, seed=5)
    rest, whole = list(plan.steps(10, shown)), [s for s in plan.steps(10) if s.shown > shown]
    assert [(s.epoch, s.batch, s.seed, s.shown) for s in rest] == [(s.epoch, s.batch, s.seed, s.shown) for s in whole]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(rest, whole, strict=True))


@pytest.mark.parametrize(("schedule", "rates"), [("constant", [1, 1, 1, 1]), ("linear", [1, 0.75, 0.5, 0.25]),
                                                 (lambda done: 2 * done, [0, 0.5, 1, 1.5])],
                         ids=("constant", "linear", "a function"))
def test_schedules_scale_the_step(schedule, rates):
    one = Linear()
    seen = []
    watched = one.learner.optimiser.step
    one.learner.optimiser.step = lambda: (seen.append(one.learner.optimiser.param_groups[0]["lr"] / 0.05), watched())
    train(one.learner, *taught(8), Plan(epochs=2, batch=4, schedule=schedule))
    assert seen == pytest.approx(rates)


@pytest.mark.parametrize("stop_at", [0, 3, 4, 7])
def test_an_interrupted_training_ends_with_the_same_bits(tmp_path, stop_at):
    """Ctrl-C in the middle of an epoch, at its end, and before the last one; momentum, order, dropout and all."""
    plan, held = Plan(epochs=2, batch=12, seed=3, schedule="cosine"), taught(30, 1)
    whole = Linear()
    wanted = train(whole.learner, *taught(), plan, held_out=held)
    cut = Linear(after={stop_at: lambda: os.kill(os.getpid(), signal.SIGINT)})
    with pytest.raises(KeyboardInterrupt):
        train(cut.learner, *taught(), plan, held_out=held, run=Run(tmp_path / "run", {}), identity={"a": "b"})
    fresh = Linear(seed=9)  # other first weights: everything has to come from the checkpoint
    found = train(fresh.learner, *taught(), plan, held_out=held, run=Run.resume(tmp_path / "run"), identity={"a": "b"})
    assert fresh.updates == whole.updates - stop_at - 1
    assert same(fresh.weights, whole.weights)
    assert (found.losses, found.validation, found.shown) == (wanted.losses, wanted.validation, 120)
    assert [line["loss"] for line in Run.resume(tmp_path / "run").metrics()] == wanted.losses


def test_a_run_goes_on_with_as_many_threads_as_it_began_with(tmp_path):
    x, y = np.clip(samples()[0], 0, 1), samples()[1]
    learner = MethodClassifier("mlp(hidden=(5,))", epochs=2)
    with pytest.raises(KeyboardInterrupt):
        clone(learner).fit(x, y, run=Run(tmp_path / "run", {}),
                           watch=lambda step, x, labels: os.kill(os.getpid(), signal.SIGINT))
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        with pytest.raises(PlasticityError, match=rf"another number of threads .*OMP_NUM_THREADS.* \({threads}, not"):
            clone(learner).fit(x, y, run=Run.resume(tmp_path / "run"))
    finally:
        torch.set_num_threads(threads)


def test_a_checkpoint_that_holds_something_else_is_refused(tmp_path):
    """Whole, and of the same run, but not what this version writes."""
    train(Linear().learner, *taught(), Plan(epochs=1), run=Run(tmp_path / "run", {}), identity={"a": "b"})
    last, folder = Run.resume(tmp_path / "run").begin({"a": "b"}), tmp_path / "run" / "checkpoint"
    for wrong in ({"arrays": {}}, {"extra": {}}, {"extra": {**last.extra, "epochs": "one"}}):
        shutil.rmtree(folder)
        replace(last, **wrong).save(folder)
        with pytest.raises(DataError, match="checkpoint does not hold what this version writes"):
            train(Linear().learner, *taught(), Plan(epochs=2), run=Run.resume(tmp_path / "run"), identity={"a": "b"})


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    train(Linear().learner, *taught(), Plan(epochs=1), run=Run(tmp_path / "run", {}), identity={"data": "one"})
    with pytest.raises(PlasticityError, match="another data"):
        train(Linear().learner, *taught(), Plan(epochs=1), run=Run.resume(tmp_path / "run"), identity={"data": "two"})


@pytest.mark.parametrize(("wrong", "said"), [("loss", "loss itself"), ("gradient", r"1\.bias")])
def test_what_is_not_finite_stops_the_training_and_is_not_learned(tmp_path, wrong, said):
    good = Linear()
    train(good.learner, *taught(), Plan(epochs=1, batch=12))
    one = Linear(wrong_at=5, wrong=wrong)
    with pytest.raises(Diverged, match=f"in epoch 1, batch 0.*{said}.*saved in .*lower lr=0.05") as stopped:
        train(one.learner, *taught(), Plan(epochs=2, batch=12), run=Run(tmp_path / "run", {}))
    assert same(one.weights, good.weights)
    assert (stopped.value.step.epoch, stopped.value.step.batch) == (1, 0)
    saved = load_arrays(next((tmp_path / "run" / "checkpoint").glob("at-*/state.safetensors")))
    np.testing.assert_array_equal(saved["trainer/module/1.weight"], good.weights["1.weight"].numpy())


def test_weights_that_overflow_go_back_to_the_last_epoch():
    good = Linear()
    train(good.learner, *taught(), Plan(epochs=1, batch=12))
    one = Linear()
    one.after = {7: lambda: one.module[1].weight.data.fill_(torch.inf)}
    with pytest.raises(Diverged, match=r"epoch 1, batch 2.*first that is not finite is 1\.weight.*last epoch's end"):
        train(one.learner, *taught(), Plan(epochs=2, batch=12))
    assert same(one.weights, good.weights)


def test_patience_stops_and_takes_the_best_weights():
    one = Linear()
    accuracies = iter([0.5, 0.9, 0.8, 0.85, 0.1])
    kept = []
    object.__setattr__(one.learner, "accuracy", lambda x, y, learned: (kept.append(one.weights), next(accuracies))[1])
    found = train(one.learner, *taught(), Plan(epochs=5, batch=30, patience=2), held_out=taught(9, 1))
    assert found.early and found.best == 1 and found.validation == [0.5, 0.9, 0.8, 0.85]
    assert same(one.weights, kept[1]) and not same(kept[1], kept[3])


def test_ctrl_c_without_a_folder_keeps_what_was_learned():
    x, y = samples()
    model = GradientClassifier("bptt", (5,), encoder="current(steps=3)", epochs=3, batch=20)

    def stop(step, x, labels):
        if step.shown == 80:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit(np.clip(x, 0, 1), y, watch=stop)
    assert model.training_.shown == 80 and len(model.losses_) == 1
    shorter = GradientClassifier("bptt", (5,), encoder="current(steps=3)", epochs=1, batch=20).fit(np.clip(x, 0, 1), y)
    assert model.predict(np.clip(x, 0, 1)).shape == (N,) and shorter.losses_ == model.losses_


@pytest.mark.parametrize("learner", [
    GradientClassifier("eprop", (5,), encoder="rate(steps=4)", epochs=2, validation_fraction=0.2),
    MethodClassifier("mlp(hidden=(5,), dropout=0.3)", epochs=2, validation_fraction=0.2)], ids=["rule", "method"])
def test_estimators_resume_too(tmp_path, learner):
    x, y = np.clip(samples()[0], 0, 1), samples()[1]
    whole = clone(learner).fit(x, y)
    cut = clone(learner)
    with pytest.raises(KeyboardInterrupt):
        cut.fit(x, y, run=Run(tmp_path / "run", {}), watch=lambda step, x, labels: os.kill(os.getpid(), signal.SIGINT))
    resumed = clone(learner).fit(x, y, run=Run.resume(tmp_path / "run"))
    np.testing.assert_array_equal(resumed.decision_function(x), whole.decision_function(x))
    assert resumed.validation_ == whole.validation_ and len(whole.validation_) == 2
    with pytest.raises(PlasticityError, match="another seed"):
        clone(learner).set_params(seed=1).fit(x, y, run=Run.resume(tmp_path / "run"))


def test_partial_fit_goes_on():
    x, y = np.clip(samples()[0], 0, 1), samples()[1]
    model = GradientClassifier("bptt", (8,), encoder="current(steps=5)", batch=20, lr=0.02)
    model.partial_fit(x[:20], y[:20], classes=[0, 1, 2])
    first = model.trainer_
    for _ in range(9):
        model.partial_fit(x, y)
    assert model.trainer_ is first and len(model.losses_) == 10 and model.training_.shown == 20 + 9 * N
    assert model.losses_[-1] < model.losses_[1]
    with pytest.raises(PlasticityError, match="not one of the classes"):
        model.partial_fit(x, y + 1)


def test_the_layer_that_is_not_finite_is_named():
    x = np.ones((6, 4, 3), np.float32)
    model = GradientClassifier("bptt", (4, 4), neuron=lsnn_neuron(), epochs=1)

    def spoil(step, x, labels):
        model.network_.weights["layer1->layer2"].data[0] = torch.inf

    with pytest.raises(Diverged, match=r"epoch 0, batch 1.*weights\.layer1->layer2"):
        model.set_params(batch=3).fit(x, np.arange(6) % 2, watch=spoil)
    model = GradientClassifier("bptt", (4, 4), loss=lambda y, t: y.sum() * torch.nan)
    with pytest.raises(Diverged, match="the loss itself"):
        model.fit(x, np.arange(6) % 2)
    with pytest.raises(Diverged, match=r"variable 'layer1\.v' in step 1"):
        GradientClassifier("bptt", (4, 4), gain=1e38).fit(x * np.float32(1e30), np.arange(6) % 2)


@pytest.mark.parametrize(("options", "named"), [
    ({"patience": 2}, "validation > 0"), ({"validation_fraction": 1.5}, "validation must lie"),
    ({"epochs": -1}, "epochs"), ({"batch": 0}, "batch"), ({"schedule": "sometimes"}, "schedule"),
    ({"encoder": "latensy"}, "did you mean 'latency'"), ({"read": "some"}, "read"), ({"network": ()}, "layers")])
def test_mistakes_are_named(options, named):
    x, y = np.clip(samples()[0], 0, 1), samples()[1]
    with pytest.raises(PlasticityError, match=named):
        GradientClassifier(**{"encoder": "rate(steps=3)", "network": (4,)} | options).fit(x, y)


@pytest.mark.parametrize("code", sorted({*catalogue.catalogue} - {"sequences", "words"}))
def test_codes(code):
    x = np.array([[0.0, 0.5, 1.0, 0.25]], np.float32)
    made = densified(catalogue.make(f"{code}(width=2)" if code == "rows" else f"{code}(steps=9)")(x, 3))
    assert made.shape == ((1, 2, 2) if code == "rows" else (1, 9, 4))
    assert not made[0, :, 0].any() or code == "rows"
    if code == "latency":
        assert [np.flatnonzero(made[0, :, k]).tolist() for k in (1, 2, 3)] == [[4], [0], [6]]


def test_training_counts():
    found = train(Linear().learner, *taught(), Plan(epochs=0))
    assert found == Training()
