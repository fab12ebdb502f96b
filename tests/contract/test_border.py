"""What reaches an engine is looked at once, at the border: all engines refuse the same, in the same words."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.border import (
    ADAPTING,
    ALTERED,
    ENGINES,
    INPUTS,
    NEURONS,
    RUNNING,
    SPARSE,
    STEPS,
    network,
    plain,
    reward,
    spikes_of,
    trains,
)

from plasticity import Input, Network, PlasticityError, Population, Projection, build, engines
from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.errors import RefusedError

pytestmark = pytest.mark.usefixtures("interpreted_event")


def refusals(described: Network, act, names=ENGINES) -> set[str]:
    """What the engines say."""
    words = set()
    for engine in names:
        with pytest.raises(PlasticityError) as refused:
            act(build(described, engine))
        words.add(str(refused.value))
    return words


# --- spikes -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("wrong", ALTERED)
def test_altered_spikes_are_refused_by_name(wrong):
    spikes, part = ALTERED[wrong]
    words = refusals(plain(), lambda simulation: simulation.run({"in": spikes}))
    assert len(words) == 1
    assert part in min(words) and "in" in min(words).split()[0:3] + min(words).split(":")[:1]


def fits(ptr: np.ndarray, index: np.ndarray, n: int) -> bool:
    """Whether spikes are some, spike by spike."""
    for row in ptr.tolist():
        for begin, end in pairwise(row):
            here = index[begin:end].tolist() if 0 <= begin <= end <= len(index) else [-1]
            if any(not 0 <= neuron < n for neuron in here) or sorted(set(here)) != here:
                return False
    return bool((ptr >= 0).all() and (ptr <= len(index)).all())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 7), min_size=3, max_size=3), min_size=1, max_size=3),
       st.lists(st.integers(-2, 5), max_size=6), st.sampled_from(["int64", "int32", "int8"]))
def test_spikes_are_taken_where_they_fit_and_refused_where_not(ptr, index, dtype):
    ptr, index = np.array(ptr, dtype), np.array(index, dtype)
    spikes = Spikes(ptr, index, INPUTS)
    if not fits(ptr, index, INPUTS):
        with pytest.raises(PlasticityError, match="in"):
            as_spikes(spikes, "in", INPUTS)
        return
    taken = as_spikes(spikes, "in", INPUTS)
    assert (taken.ptr.dtype, taken.index.dtype) == (np.int64, np.int32)
    dense = np.zeros((len(ptr), 2, INPUTS), bool)
    for sample, row in enumerate(ptr):
        for step in range(2):
            dense[sample, step, index[row[step]:row[step + 1]]] = True
    np.testing.assert_array_equal(taken.dense(), dense)
    np.testing.assert_array_equal(taken.counts(), dense.sum(1))
    np.testing.assert_array_equal(Spikes.from_dense(dense).dense(), dense)
    if dense.any():
        counts = [build(plain(), engine).run({"in": spikes}).counts["E"] for engine in ("event", "torch")]
        np.testing.assert_array_equal(*counts)


@pytest.mark.parametrize(("wrong", "part"), [
    (np.full((1, 5, INPUTS), 0.5), "only 0 and 1"), (np.full((1, 5, INPUTS), 2), "only 0 and 1"),
    (np.full((1, 5, INPUTS), np.nan), "only 0 and 1"), (np.full((1, 5, INPUTS), "1"), "array of numbers"),
    ([[1, 0], [1]], "array of numbers"), (np.zeros((1, 5, 3)), "3 neurons"), (np.zeros(4), "must have shape"),
    (np.ma.masked_array(np.zeros((1, 5, INPUTS)), np.ones((1, 5, INPUTS), bool)), "masked"),
    (None, "array of numbers")])
def test_altered_arrays_are_refused_by_name(wrong, part):
    words = refusals(plain(), lambda simulation: simulation.run({"in": wrong}))
    assert len(words) == 1 and min(words).startswith("in ") and part in min(words)


def test_a_range_of_samples_is_not_looked_at_as_a_whole():
    """Slices share the index of the whole; their own part of it is what is checked."""
    whole = spikes_of([[0, 1, 2], [2, 3, 3]], [0, 1, 9])
    assert as_spikes(whole[:1], "in", INPUTS).counts().tolist() == [[1, 1, 0, 0]]
    with pytest.raises(PlasticityError, match="got 9"):
        as_spikes(whole[1:], "in", INPUTS)


# --- run ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("changes", "part"), [
    ({"spikes": {"inn": trains()["in"]}}, "unknown input 'inn'; did you mean 'in'"),
    ({"spikes": trains()["in"]}, "spikes must be given by name, {'in': array}"),
    ({"spikes": {**trains(), "other": trains(samples=3)["other"]}}, "must agree in (samples, steps)"),
    ({"signals": {}}, "the network has a signal 'reward': pass signals={'reward': array [samples, steps]}"),
    ({"signals": None}, "the network has a signal 'reward'"),
    ({"signals": {**reward(), "rewards": np.ones((2, STEPS))}}, "unknown signal 'rewards'"),
    ({"signals": {"reward": np.ones((2, STEPS, 1))}}, "must have shape [samples, steps]"),
    ({"signals": {"reward": np.full((2, STEPS), np.nan)}}, "'reward' holds NaN"),
    ({"signals": {"reward": "much"}}, "must be an array of numbers"),
    ({"signals": {"reward": np.ones((2, 5))}}, "must agree in (samples, steps), got in: (2, 12)"),
    ({"steps": 5}, "steps=5, but"), ({"steps": 2.5}, "steps must be a whole number"), ({"steps": -1}, "steps must be"),
    ({"spikes": None, "signals": None}, "signal 'reward'"),
    ({"record": ["E.u"]}, "unknown name to record: 'E.u'"), ({"record": ["in.spikes"]}, "unknown name to record"),
    ({"record": "E.v"}, "record must be a list of names, ['E.v']"), ({"record": None}, "record must be a list"),
    ({"weights_every": 0}, "weights_every must be a whole number of at least 1, got 0"),
    ({"weights_every": -1}, "weights_every must be"), ({"weights_every": 2.5}, "weights_every must be"),
    ({"learn": "no"}, "learn must be True or False"), ({"reset": 2}, "reset must be True or False"),
])
def test_runs_that_do_not_fit_the_network_are_refused(changes, part):
    arguments = {"spikes": trains(), "signals": reward(), **changes}
    words = refusals(network(), lambda simulation: simulation.run(**arguments))
    assert len(words) == 1 and part in min(words)


def test_a_run_without_anything_needs_steps():
    assert refusals(plain(), lambda simulation: simulation.run()) == {
        "steps is needed when neither spikes nor signals are given"}


def agree(act) -> dict:
    """What a simulation answers, the same on every engine."""
    first, *others = (act(build(network(), engine)) for engine in RUNNING)
    for other in others:
        assert first.keys() == other.keys()
        for name, values in first.items():
            assert values.dtype == other[name].dtype
            np.testing.assert_allclose(values, other[name], rtol=0, atol=1e-12, err_msg=name)
    return first


def answers(recording) -> dict[str, np.ndarray]:
    spikes = {f"{name}.spikes": each.dense() for name, each in recording.spikes.items()}
    return {**recording.counts, **spikes, **recording.values, **recording.trajectory}


@pytest.mark.parametrize(("samples", "steps"), [(2, STEPS), (1, 1), (2, 0), (0, STEPS), (0, 0)])
@pytest.mark.parametrize("record", [(), ("E.v", "E.spikes", "E.high"), ("E.v", "E.v", "E.spikes", "E.spikes")])
def test_runs_of_any_size_answer_alike(samples, steps, record):
    seen = agree(lambda simulation: answers(simulation.run(
        trains(samples, steps), signals=reward(samples, steps), record=record, weights_every=5)))
    assert seen["E"].shape == (samples, NEURONS)
    for name in record:
        assert seen[name].shape == (samples, steps, NEURONS)
    assert len(seen.get("in->E", [])) == samples * (steps // 5)


def test_a_run_that_would_not_fit_into_memory_is_refused_with_its_size():
    words = refusals(plain(), lambda simulation: simulation.run(steps=10**12, record=["E.v"]))
    assert {word.partition(" GB")[0] for word in words} == {"this run and what it records would take 29,802.3"}


def test_a_run_of_steps_alone_is_one_silent_sample():
    for engine in RUNNING:
        assert build(plain(), engine).run(steps=30).counts["E"].tolist() == [[0] * NEURONS]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("learn", [True, False])
def test_the_last_weights_of_a_presentation_are_those_that_get_answers(batch, learn):
    def act(engine: str) -> np.ndarray:
        simulation = build(network(normalize=1.2), engine, batch=batch)
        weights = simulation.run(trains(), signals=reward(), weights_every=4, learn=learn).trajectory["in->E"]
        np.testing.assert_array_equal(weights[-1], simulation.get("in->E.w"))
        np.testing.assert_allclose(weights[2::3].sum(1), 1.2, rtol=1e-12)
        return weights

    weights = [act(engine) for engine in RUNNING[:2 if batch > 1 else 3]]
    for each in weights:
        np.testing.assert_allclose(each, weights[0], rtol=0, atol=1e-12)
    assert (np.ptp(weights[0], axis=0) > 0).any() == learn


# --- build --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("options", "part"), [
    ({"dtype": "float16"}, "dtype: 'float16'"), ({"dtype": "bfloat16"}, "dtype: 'bfloat16'"), ({"dtype": 32}, "dtype"),
    ({"reduce": "max"}, "reduce"), ({"batch": 0}, "batch must be a whole number"), ({"batch": 1.5}, "batch must be"),
    ({"seed": -1}, "seed")])
def test_options_are_refused_alike(options, part):
    words = set()
    for engine in ENGINES:
        with pytest.raises(PlasticityError) as refused:
            build(plain(), engine, **options)
        words.add(str(refused.value))
    assert len(words) == 1 and part in min(words)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_networks_are_run(engine):
    for act in (build, engines.refusal):
        with pytest.raises(PlasticityError, match="must be a Network, got str"):
            act("diehl-cook", engine)


# --- set ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("name", "value", "part"), [
    ("in->E.w", np.full(SPARSE.shape, np.nan), "NaN"), ("in->E.w", np.ones(SPARSE.T.shape), "must have shape (4, 3)"),
    ("in->E.w", np.full(SPARSE.shape, 7.0), "leave the bounds of rule 'rewarded' [0, 1]"),
    ("in->E.w", "strong", "array of numbers"), ("in->E.w", [[1.0], [1.0, 2.0]], "array of numbers"),
    ("E->E.w", np.arange(9.0).reshape(3, 3), "all its weights must be equal"),
    ("E.theta", np.full(NEURONS, np.inf), "NaN or infinity"), ("E.theta", np.ones(5), "must have shape (3,)"),
    ("E.v", np.ones((2, NEURONS)), "must have shape (3,)"), ("in->E.x", np.ones(INPUTS), "can be read, not set"),
    ("in->E.weights", 1.0, "did you mean 'in->E.w'"), ("E", 1.0, "unknown state"), ("", 1.0, "unknown state")])
def test_what_cannot_be_set_is_refused(name, value, part):
    words = refusals(network(), lambda simulation: simulation.set(name, value))
    assert len(words) == 1 and part in min(words)


@pytest.mark.parametrize("value", [0.25, np.full(SPARSE.shape, 0.25), np.full(SPARSE.shape, 0.25).tolist()])
def test_weights_are_set_where_there_are_synapses(value):
    for engine in ENGINES:
        simulation = build(network(), engine)
        simulation.set("in->E.w", value)
        np.testing.assert_array_equal(simulation.get("in->E.w"), np.where(SPARSE, 0.25, 0.0))


@pytest.mark.parametrize("connect", ["one_to_one", "all_but_self", "dense"])
@pytest.mark.parametrize("normalize", [None, 1.0])
def test_weights_of_every_kind_are_set_and_normalised_alike(connect, normalize):
    described = Network((Input("in", NEURONS),), (Population("E", NEURONS, ADAPTING),), (
        Projection("in", "E", 0.3, connect=connect, onto="v", normalize=normalize),))
    exists = {"one_to_one": np.eye(3), "all_but_self": 1 - np.eye(3), "dense": np.ones((3, 3))}[connect]
    spikes = np.random.default_rng(1).random((1, STEPS, NEURONS)) < 0.5
    ends = []
    for engine in RUNNING:
        simulation = build(described, engine)
        simulation.set("in->E.w", 0.5 * exists)
        np.testing.assert_array_equal(simulation.get("in->E.w"), 0.5 * exists)
        values = simulation.run({"in": spikes}, record=["E.v"]).values["E.v"]
        ends.append(np.concatenate((simulation.get("in->E.w").ravel(), values.ravel())))
        if normalize:
            np.testing.assert_allclose(simulation.get("in->E.w").sum(0), normalize, rtol=1e-12)
        np.testing.assert_allclose(ends[-1], ends[0], rtol=0, atol=1e-12)


def test_weights_that_were_set_are_normalised_after_the_next_presentation_that_learns():
    """Whether or not a neuron spiked in it."""
    for engine in RUNNING:
        simulation = build(network(normalize=1.0), engine)
        simulation.set("in->E.w", 0.9)
        simulation.run({"in": np.zeros((1, 3, INPUTS), bool)}, signals=reward(1, 3), learn=False)
        np.testing.assert_array_equal(simulation.get("in->E.w"), np.where(SPARSE, 0.9, 0.0))
        simulation.run({"in": np.zeros((1, 3, INPUTS), bool)}, signals=reward(1, 3))
        np.testing.assert_allclose(simulation.get("in->E.w").sum(0), 1.0, rtol=1e-12)


def test_a_variable_that_was_set_holds_until_a_presentation_starts_anew():
    def act(simulation) -> dict[str, np.ndarray]:
        simulation.run(trains(1), signals=reward(1))
        simulation.set("E.v", [0.0, 5.0, 0.5])
        going_on = simulation.run({}, 3, signals=reward(1, 3), reset=False, record=["E.v"])
        simulation.set("E.v", 5.0)
        anew = simulation.run({}, 3, signals=reward(1, 3), record=["E.v"])
        return {"going on": going_on.values["E.v"], "anew": anew.values["E.v"]}

    seen = agree(act)
    assert not seen["anew"].any() and seen["going on"].any()


# --- restore ------------------------------------------------------------------------------------------------------

def altered(state: dict, draw) -> dict:
    """A state in which one entry was altered."""
    name = draw(st.sampled_from(sorted(state)))
    values = np.array(state[name])
    how = draw(st.sampled_from(["number", "type", "shape", "gone", "more"]))
    if how == "number" and values.size:
        whole = values.dtype.kind in "iub"
        number = draw(st.sampled_from([-1, 1, 2, 3, 100] if whole else [-1.0, 0.5, np.nan, np.inf, -np.inf, 1e9]))
        values.flat[draw(st.integers(0, values.size - 1))] = np.array(number).astype(values.dtype)
    elif how == "type":
        values = values.astype(draw(st.sampled_from(["float64", "int64", "U8", "complex128", "object"])))
    elif how == "shape":
        values = np.concatenate((values.ravel(), values.ravel()[:1]))
    if how == "gone":
        return {key: each for key, each in state.items() if key != name}
    return {**state, name if how != "more" else "foreign": values}


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize(("engine", "batch", "examples"), [
    ("event", 1, 40), ("event", 2, 40), ("torch", 2, 40), ("brian2", 1, 10)])
def test_altered_states_are_refused_or_run(engine, batch, examples):
    """Never anything else, whatever was altered; one that is refused changes nothing."""
    simulation = build(network(), engine, batch=batch)
    simulation.run(trains(), signals=reward(), reset=False)
    kept = simulation.state()

    @settings(max_examples=examples, deadline=None, derandomize=True)
    @given(st.data())
    def holds(data):
        simulation.restore(kept)
        try:
            simulation.restore(altered(kept, data.draw))
        except PlasticityError as error:
            assert "\n" not in str(error)
            for name, values in simulation.state().items():
                np.testing.assert_array_equal(values, kept[name])
            return
        simulation.run(trains(steps=4), signals=reward(steps=4), reset=False)
        assert np.isfinite(simulation.get("in->E.w")).all() and simulation.get("in->E.w").max() <= 1.0

    holds()


def spoiled(name: str, number: float):
    def spoil(state: dict) -> dict:
        values = np.array(state[name])
        values.flat[0] = number
        return {**state, name: values}

    return spoil


@pytest.mark.parametrize(("engine", "spoil"), [
    *(("event", spoiled(name, number)) for name in ("p0_ref", "p0_spk", "p0_nref", "r0_ring", "r0_ringn",
                                                    "s0_acpre") for number in (10**9, -1)),
    ("event", spoiled("clock", -1)), ("event", spoiled("s0_w", np.nan)), ("event", spoiled("s0_w", 1.5)),
    ("event", spoiled("p0_until", 1 << 40)),
    ("torch", spoiled("weights/in->E", np.nan)), ("torch", spoiled("weights/in->E", 0.5)),
    ("torch", spoiled("step", -1)), ("torch", lambda state: {**state, "generator": state["generator"] * 0 + 255}),
    ("brian2", spoiled("in->E.w", np.inf)), ("brian2", spoiled("in->E.transmit.queue", 10**9)),
    ("brian2", lambda state: {**state, "in->E.transmit.queue": np.array([[0, 99]])}),
    ("brian2", lambda state: {**state, "E.last_spikes": np.array([3])}),
    ("brian2", lambda state: {**state, "in->E.nothing.queue": np.zeros((0, 2), int)}),
    *((engine, lambda state: None) for engine in RUNNING)])
def test_states_that_no_run_leaves_are_refused(engine, spoil):
    simulation = build(network(), engine)
    simulation.run(trains(), signals=reward(), reset=False)
    with pytest.raises(PlasticityError):
        simulation.restore(spoil(simulation.state()))


def test_half_precision_is_refused_by_programs_and_taken_by_autograd():
    torch = pytest.importorskip("torch")
    from plasticity.engines.gradient.network import GradientNetwork
    from plasticity.readout.leaky import LeakyReadout

    x = np.ones((2, 5, INPUTS))
    for dtype in ("float16", torch.bfloat16):
        net = GradientNetwork(plain(), LeakyReadout("E", 2), "bptt", dtype=dtype)
        outputs = net(x).outputs
        outputs.sum().backward()
        assert str(outputs.dtype).endswith(str(dtype).removeprefix("torch."))
        assert all(p.grad.isfinite().all() for p in net.parameters() if p.requires_grad)
        with pytest.raises(RefusedError, match="16"):
            GradientNetwork(plain(), LeakyReadout("E", 2), "bptt", dtype=dtype, backend="compiled")
    with pytest.raises(PlasticityError, match="dtype: 'int64'"):
        GradientNetwork(plain(), LeakyReadout("E", 2), "bptt", dtype=torch.int64)


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
@pytest.mark.parametrize(("x", "part"), [
    (np.full((1, 5, INPUTS), np.nan), "input 'in' holds NaN"), (np.full((1, 5, INPUTS), np.inf), "input 'in' holds"),
    (np.full((1, 5, INPUTS), "1"), "input 'in' must be an array of numbers"), (np.zeros((1, 5, 3)), "got (1, 5, 3)"),
    (np.zeros((1, 0, INPUTS)), "must have shape"), (np.zeros((1, 5, INPUTS), complex), "array of numbers"),
    ({"inn": np.zeros((1, 5, INPUTS))}, "expected values for the inputs ['in']"),
    *((spikes, part) for spikes, part in ALTERED.values())])
def test_gradient_networks_refuse_inputs_that_are_none(x, part, backend):
    from plasticity.engines.gradient.network import GradientNetwork
    from plasticity.readout.leaky import LeakyReadout

    net = GradientNetwork(plain(), LeakyReadout("E", 2), "bptt", backend=backend)
    with pytest.raises(PlasticityError) as refused:
        net(x)
    assert part in str(refused.value)
