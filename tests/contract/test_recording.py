"""What is recorded, on every engine: what `get` answers step by step, of the neurons and synapses that were chosen."""

import sys

import numpy as np
import pytest
from support.border import ENGINES, INPUTS, NEURONS, RUNNING, SPARSE, STEPS, network, plain, reward, trains
from support.feature_networks import FEATURES, lif
from support.step_loop import weight_of_each_synapse

from plasticity import Input, Network, PlasticityError, Population, Projection, Record, Signal, build
from plasticity.engines.event import recorder

pytestmark = pytest.mark.usefixtures("interpreted_event")
DT = 1e-3
#: what is recorded, and which places of an array [steps, ...] that are: steps, and what of each
PLACES = (
    ("E.v", range(STEPS), np.s_[:]),
    (Record("E.theta", neurons=[2, 0], every=3), range(2, STEPS, 3), np.s_[:, [2, 0]]),
    (Record("E.high", neurons=slice(1, None), start=2 * DT, stop=9 * DT), range(2, 9), np.s_[:, 1:]),
    (Record("in->E.w", pairs=[(1, 2), (0, 1)], every=4, start=2 * DT), range(5, STEPS, 4), np.s_[:, [1, 0], [2, 1]]),
    (Record("E->E.w", every=5), range(4, STEPS, 5), np.s_[:]),
    ("in->E.x", range(STEPS), np.s_[:]),
    (Record("in->E.y", neurons=1, every=2, stop=1.0), range(1, STEPS, 2), np.s_[:, [1]]),
)
RECORDS = [record for record, _, _ in PLACES]
SPIKES = Record("E.spikes", neurons=[0, 2], start=3 * DT, stop=11 * DT)


def name_of(record) -> str:
    return record if isinstance(record, str) else record.name


def stepwise(engine: str, names, sample: int) -> dict[str, np.ndarray]:
    """name -> [steps, ...], as `get` answers after each step of the samples up to this one."""
    simulation, given, rewards = build(network(), engine), trains(), reward()["reward"]
    for before in range(sample):
        simulation.run({key: each[before:before + 1] for key, each in given.items()},
                       signals={"reward": rewards[before:before + 1]})
    seen = {name: [] for name in names}
    for t in range(STEPS):
        part = np.s_[sample:sample + 1, t:t + 1]
        ran = simulation.run({key: each[part] for key, each in given.items()}, signals={"reward": rewards[part]},
                             reset=t == 0, record=["E.high", "E.spikes"])
        for name, rows in seen.items():
            rows.append({"E.high": lambda ran=ran: ran.values["E.high"][0, 0],
                         "E.spikes": lambda ran=ran: ran.spikes["E"].dense()[0, 0]}.get(
                             name, lambda name=name: simulation.get(name))())
    return {name: np.array(rows) for name, rows in seen.items()}


@pytest.mark.parametrize("engine", RUNNING)
def test_a_record_is_what_get_answers_step_by_step(engine):
    ran = build(network(), engine).run(trains(), signals=reward(), record=[*RECORDS, SPIKES])
    kept = np.zeros((STEPS, NEURONS), bool)
    kept[3:11, [0, 2]] = True
    for sample in range(1 if engine == "brian2" else 2):  # a run of Brian2 is slow, however short
        wanted = stepwise(engine, ["E.spikes", *map(name_of, RECORDS)], sample)
        for record, steps, chosen in PLACES:
            name = name_of(record)
            np.testing.assert_allclose(ran.values[name][sample], wanted[name][list(steps)][chosen], rtol=0, atol=1e-12,
                                       err_msg=name)
            np.testing.assert_allclose(ran.times(name), np.array(steps) * DT)
        assert wanted["E.spikes"].sum() > (wanted["E.spikes"] & kept).sum() > 3
        np.testing.assert_array_equal(ran.spikes["E"].dense()[sample], wanted["E.spikes"] & kept)
    np.testing.assert_array_equal(ran.counts["E"].sum(), build(network(), engine).run(
        trains(), signals=reward()).counts["E"].sum())


@pytest.mark.parametrize(("engine", "batch"), [("torch", 1), ("brian2", 1), ("event", 2), ("torch", 2)])
def test_engines_and_batches_record_the_same(engine, batch):
    """Of three samples in batches of two, the last alone; without learning, which batches share."""
    wanted, ran = (build(network(), name, batch=size).run(trains(3), signals=reward(3), record=[*RECORDS, SPIKES],
                                                          learn=batch == 1)
                   for name, size in (("event", 1), (engine, batch)))
    for name, values in wanted.values.items():
        np.testing.assert_allclose(ran.values[name], values, rtol=0, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(ran.spikes["E"].dense(), wanted.spikes["E"].dense())


@pytest.mark.parametrize("engine", RUNNING)
def test_pairs_of_a_list_are_its_synapses(engine):
    projection = Projection("in", "E", 0.5, "random(p=0.5)", "v", rule="mstdpet", scale=10e-3, label="list")
    described = Network((Input("in", 6),), (Population("E", 6, lif()),), (projection,), (Signal("reward"),))
    pairs, which, given = described.projections[0].pairs, [4, 0, 9], np.random.default_rng(1).random((1, 20, 6)) < 0.4
    simulation, state = build(described, engine), f"list.{next(iter(projection.rule.syn))}"
    chosen = [(int(pairs.pre[k]), int(pairs.post[k])) for k in which]
    ran = simulation.run({"in": given}, signals={"reward": np.ones((1, 20))},
                         record=[Record("list.w", pairs=chosen, every=20), Record(state, pairs=chosen)])
    assert ran.counts["E"].any() and ran.values[state].any()
    np.testing.assert_allclose(ran.values["list.w"][0, 0], simulation.get("list.w")[which], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ran.values[state][0, -1], simulation.get(state)[which], rtol=0, atol=1e-12)
    with pytest.raises(PlasticityError, match="there is no synapse from 0 to 6"):
        simulation.run({"in": given}, signals={"reward": np.ones((1, 20))}, record=[Record("list.w", pairs=[(0, 6)])])


@pytest.mark.parametrize("engine", RUNNING)
def test_pairs_of_a_convolution_are_neurons_that_share_weights(engine):
    feature = FEATURES["convolution"]()
    simulation = build(feature.network, engine)
    shared = weight_of_each_synapse(feature.network, feature.network.projection("feed"))
    (pre, post), n = np.nonzero(shared >= 0), 40
    some = [3, 17, 30]
    ran = simulation.run({"in": feature.spikes["in"][:1, :n]}, record=[
        Record("feed.w", pairs=list(zip(pre[some], post[some], strict=True)), every=n),
        Record("E->F.e", pairs=[(5, 1), (0, 2)], every=n)])
    np.testing.assert_allclose(ran.values["feed.w"][0, 0], simulation.get("feed.w").ravel()[shared[pre, post][some]],
                               rtol=0, atol=1e-12)
    np.testing.assert_allclose(ran.values["E->F.e"][0, 0], simulation.get("E->F.e")[0, [5, 0], [1, 2]], rtol=0,
                               atol=1e-12)


@pytest.mark.parametrize(("batch", "room"), [(1, 1), (1, 20), (2, 30)])
def test_runs_are_cut_where_the_room_for_events_ends(monkeypatch, batch, room):
    """Into steps of a sample, into samples, into steps of several side by side."""
    whole = build(network(), "event", batch=batch).run(trains(5), signals=reward(5), record=["E.spikes", "E.v"])
    monkeypatch.setattr(recorder, "ROOM", room)
    simulation = build(network(), "event", batch=batch)
    ran = simulation.run(trains(5), signals=reward(5), record=["E.spikes"])
    assert whole.counts["E"].sum() > 3 * room // NEURONS or room > 1
    np.testing.assert_array_equal(ran.spikes["E"].dense(), whole.spikes["E"].dense())
    np.testing.assert_array_equal(ran.spikes["E"].counts(), ran.counts["E"])
    sample, step, neuron = ran.spikes["E"].events()
    assert (sample.size, ran.spikes["E"].dense()[sample, step, neuron].sum()) == (ran.counts["E"].sum(),) * 2


@pytest.mark.parametrize(("record", "words"), [
    (Record("E.v", neurons=[0, 3]), "numbers from 0 to 2, each once, got [0, 3]"),
    (Record("E.v", neurons=[1, 1]), "numbers from 0 to 2, each once, got [1, 1]"),
    (Record("E.v", pairs=[(0, 1)]), "'E.v' belongs to neurons; choose them by neurons="),
    (Record("in->E.w", neurons=[0]), "'in->E.w' belongs to synapses; choose them by pairs="),
    (Record("in->E.w", pairs=[(0, 0)]), "there is no synapse from 0 to 0"),
    (Record("in->E.w", pairs=[(0, 1), (1, -1)]), "there is no synapse from 1 to -1"),
    (Record("E.spikes", every=2), "spikes are events, of which each is recorded"),
    (Record("E.v", start=1.0), "is not before the run ends, after 0.012 s; times are in seconds"),
    (Record("E.vv"), "did you mean 'E.v'?"), ("in->E.z", "unknown name to record")])
def test_what_cannot_be_recorded_is_refused_in_the_same_words(record, words):
    assert not SPARSE[0, 0] and INPUTS > 1
    said = set()
    for engine in ENGINES:
        simulation = build(network(), engine)
        with pytest.raises(PlasticityError) as refused:
            simulation.run(trains(), signals=reward(), record=[record])
        said.add(str(refused.value))
    assert len(said) == 1 and words in min(said)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"neurons": [0.5]}, "neurons of Record('E.v') must be an array of whole numbers"),
    ({"neurons": [[0], [1]]}, "must be a slice or a list of numbers, got an array of shape (2, 1)"),
    ({"pairs": [0, 1]}, r"must be [(pre, post), ...], got an array of shape (2,)"), ({"every": 0}, "every of Record"),
    ({"start": -1.0}, "start of Record"), ({"start": 0.2, "stop": 0.1}, "stop=0.1 of Record('E.v') must be above")])
def test_records_that_cannot_be_meant_are_refused_when_made(arguments, words):
    with pytest.raises(PlasticityError) as refused:
        Record("E.v", **arguments)
    assert words in str(refused.value)


def test_one_name_is_recorded_in_one_way():
    given = {"in": trains()["in"]}
    ran = build(plain(), "event").run(given, record=["E.v", Record("E.v")])
    assert [*ran.values] == ["E.v"]
    with pytest.raises(PlasticityError, match=r"'E\.v' is recorded in two ways"):
        build(plain(), "event").run(given, record=["E.v", Record("E.v", every=2)])
    with pytest.raises(PlasticityError, match="record must be a list of names"):
        build(plain(), "event").run(given, record=Record("E.v"))


def recorded():
    return build(network(), "event").run(trains(), signals=reward(), record=[*RECORDS, "E.spikes"])


def test_spikes_and_values_as_tidy_tables():
    pytest.importorskip("pandas", exc_type=ImportError)
    ran = recorded()
    spikes, (sample, step, neuron) = ran.to_pandas(), ran.spikes["E"].events()
    assert [*spikes] == ["sample", "time", "population", "neuron"] and set(spikes["population"]) == {"E"}
    np.testing.assert_array_equal(spikes[["sample", "neuron"]], np.stack([sample, neuron], 1))
    np.testing.assert_allclose(spikes["time"], step * DT)
    assert spikes.equals(ran.to_pandas("E.spikes"))
    theta = ran.to_pandas("E.theta")
    assert [*theta] == ["sample", "time", "population", "neuron", "theta"]
    row = theta[(theta["sample"] == 1) & np.isclose(theta["time"], 5 * DT) & (theta["neuron"] == 2)]
    assert row["theta"].item() == ran.values["E.theta"][1, 1, 0]
    w = ran.to_pandas("in->E.w")
    assert [*w] == ["sample", "time", "projection", "synapse", "pre", "post", "w"]
    assert w["w"].tolist() == ran.values["in->E.w"].ravel().tolist() and w["pre"].tolist()[:2] == [1, 0]
    for name in ran.values:
        assert len(ran.to_pandas(name)) == ran.values[name].size
    with pytest.raises(PlasticityError, match="unknown recorded name"):
        ran.to_pandas("E.u")
    with pytest.raises(PlasticityError, match="no spikes were recorded"):
        build(network(), "event").run(trains(), signals=reward(), record=["E.v"]).to_pandas()


def test_everything_as_labelled_arrays():
    pytest.importorskip("xarray", exc_type=ImportError)
    ran = recorded()
    whole = ran.to_xarray()
    assert {*whole.data_vars} == {*ran.values, "E.spikes"}
    np.testing.assert_array_equal(ran.to_xarray("E.spikes")["E.spikes"].values, ran.spikes["E"].dense())
    for name, values in ran.values.items():
        alone = ran.to_xarray(name)[name]
        np.testing.assert_array_equal(alone.values, values)
        np.testing.assert_allclose(alone["time"], ran.times(name))
    theta = whole["E.theta"].sel({"sample": 1, "E.neuron": 2}).sel(time=5 * DT, method="nearest")
    assert theta.item() == ran.values["E.theta"][1, 1, 0]


@pytest.mark.parametrize("package", ["pandas", "xarray"])
def test_a_package_that_is_missing_is_named_with_the_way_to_install_it(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PlasticityError, match=rf"to_{package} needs {package}.*pip install 'plasticity\[tables\]'"):
        getattr(recorded(), f"to_{package}")()
