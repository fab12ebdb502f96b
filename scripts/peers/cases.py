"""Which replays of BindsNET's rules are compared with ours, their spikes and first weights; needs numpy only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

STRONG = {"nu_pre": 4e-3, "nu_post": 6e-3}
REWARD = {"nu_pre": 5e-2, "nu_post": 5e-2, "additive": True}
SMALL = {"shape": (1, 5, 5), "channels": 2}


@dataclass(frozen=True)
class Case:
    """One replay. Times in ms, as BindsNET has them; `options` go to the rule, `rates` (a_plus, a_minus) to every step.

    connection: "plain"; "feature" (as in DiehlAndCook2015); "conv" (Conv2dConnection); "local" (LocalConnection) or
    "local2d" (LocalConnection2D). shape, size, channels, stride, padding: of the maps, for the last three.
    """

    name: str
    rule: str = "PostPre"
    connection: str = "plain"
    additive: bool = False
    batch: int = 1
    dt: float = 1.0
    tau: float = 20.0
    nu_pre: float = 1e-4
    nu_post: float = 1e-2
    w_low: float = 0.2
    w_high: float = 0.6
    w_min: float = 0.0
    w_max: float = 1.0
    coincident: bool = True
    steps: int = 120
    rate: float = 0.08  # spikes per step
    seed: int = 0
    n_pre: int = 7
    n_post: int = 5
    shape: tuple[int, int, int] = (2, 7, 7)
    size: int = 3
    channels: int = 3
    stride: int = 1
    padding: int = 0
    tau_post: float = 0.0  # 0: as tau
    scales: tuple[float, float] = (1.0, 1.0)  # trace_scale of the layers
    weight_decay: float = 0.0
    options: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def maps(self) -> bool:
        return self.connection in ("conv", "local", "local2d")

    @property
    def post_shape(self) -> tuple[int, ...]:
        """Of the postsynaptic layer: neurons, or maps."""
        if not self.maps:
            return (self.n_post,)
        return (self.channels, *((n + 2 * self.padding - self.size) // self.stride + 1 for n in self.shape[1:]))

    @property
    def pre_shape(self) -> tuple[int, ...]:
        return tuple(self.shape) if self.maps else (self.n_pre,)


def cases() -> list[Case]:
    """All replays."""
    return [*post_pre(), *dense(), *with_options(), *over_maps()]


def post_pre() -> Iterator[Case]:
    """Both trace modes, both connections, batch 1 and 4; then other rates, another step, and the bounds."""
    for connection in ("feature", "plain"):
        for additive in (False, True):
            for batch in (1, 4):
                name = f"{connection}_{'additive' if additive else 'set'}_batch{batch}"
                yield Case(name, connection=connection, additive=additive, batch=batch)
    strong = Case("strong_depression", connection="feature", **STRONG, seed=1)
    low = replace(strong, w_low=0.0, w_high=0.02, seed=5)
    yield strong
    yield replace(strong, name="coarse_step", dt=2.0, seed=2)
    yield replace(strong, name="coarse_step_batch4", dt=2.0, batch=4, additive=True, seed=3)
    yield Case("upper_bound", connection="feature", w_low=0.9, w_high=1.0, seed=4)
    yield replace(low, name="lower_bound_coincident", seed=6)
    for batch in (1, 4):
        yield replace(low, name=f"lower_bound_batch{batch}", nu_pre=8e-3, nu_post=1e-3, coincident=False, batch=batch)
    yield replace(low, name="lower_bound_additive_batch4", additive=True, batch=4, seed=7)


def dense() -> Iterator[Case]:
    """The other rules between two layers, batch 1 and 4 where the rule can have one, and BindsNET's options."""
    for batch in (1, 4):
        end = f"batch{batch}"
        yield Case(f"weight_dependent_{end}", "WeightDependentPostPre", batch=batch, nu_pre=2e-2, nu_post=3e-2)
        yield Case(f"weight_dependent_bounds_{end}", "WeightDependentPostPre", batch=batch, additive=True, nu_pre=2e-2,
                   nu_post=3e-2, w_min=-1.0, w_max=1.5, w_low=-0.8, seed=1)
        for connection in ("feature", "plain"):
            yield Case(f"hebbian_{connection}_{end}", "Hebbian", connection, batch=batch, **STRONG)
        yield Case(f"diehl_cook_{end}", "DiehlAndCook", batch=batch, additive=True, options={"x_tar": 0.4})
        yield Case(f"diehl_cook_feature_{end}", "DiehlAndCook", "feature", batch=batch, additive=True, seed=2)
        yield Case(f"diehl_cook_power_{end}", "DiehlAndCook", batch=batch, options={"x_tar": 0.2, "mu": 0.5}, seed=1)
        for rule in ("MSTDP", "MSTDPET"):
            yield Case(f"{rule.lower()}_{end}", rule, batch=batch, **REWARD)
            yield Case(f"{rule.lower()}_rates_{end}", rule, batch=batch, **REWARD, seed=1, dt=2.0,
                       options={"tc_plus": 15.0, "tc_minus": 30.0}, rates={"a_plus": 0.8, "a_minus": -1.3})
            yield Case(f"{rule.lower()}_zero_lag_{end}", rule, batch=batch, **REWARD, seed=2,
                       options={"zero_lag": True})
        yield Case(f"mstdp_feature_{end}", "MSTDP", "feature", batch=batch, **REWARD, seed=3)
    yield Case("mstdpet_feature_batch1", "MSTDPET", "feature", **REWARD, seed=3)
    yield Case("mstdp_bounds_batch4", "MSTDP", batch=4, **REWARD, w_low=0.0, w_high=0.05, seed=4)
    yield Case("rmax_batch1", "Rmax", nu_pre=1e-2, additive=True, n_post=2, steps=200)
    yield Case("rmax_policy_gradient_batch1", "Rmax", nu_pre=1e-2, additive=True, n_post=2, steps=200, seed=1,
               options={"tc_c": 0.0, "tc_e_trace": 60.0})


def with_options() -> Iterator[Case]:
    """Traces of other heights and lengths on both sides, and weights that decay, in batches of 1 and 3."""
    other = {"tau": 12.0, "tau_post": 31.0, "scales": (0.7, 1.6), "seed": 5}
    rates = {"nu_pre": 2e-2, "nu_post": 3e-2}
    for rule in ("PostPre", "WeightDependentPostPre", "Hebbian", "DiehlAndCook"):
        options = {"options": {"x_tar": 0.3, "mu": 0.7}} if rule == "DiehlAndCook" else {}
        for batch in (1, 3):
            name = f"{rule.lower()}_options_batch{batch}"
            yield Case(name, rule, batch=batch, additive=batch == 1, weight_decay=0.01, w_min=0.1, w_max=0.9, **rates,
                       **other, **options)
    reward = {**REWARD, "seed": 6, "w_low": 0.3, "w_min": 0.25, "w_max": 0.7, "rates": {"a_plus": 0.8, "a_minus": -1.3}}
    times = {"tc_plus": 12.0, "tc_minus": 31.0}
    yield Case("mstdp_decaying_batch3", "MSTDP", batch=3, weight_decay=0.01, **reward,
               options={**times, "zero_lag": True})
    narrow = {**reward, "nu_pre": 0.2, "seed": 8, "w_low": 0.44, "w_high": 0.49, "w_min": 0.435, "w_max": 0.5}
    yield Case("mstdpet_long_batch1", "MSTDPET", **narrow, options={**times, "tc_e_trace": 60.0})
    yield Case("mstdpet_long_zero_lag_batch1", "MSTDPET", **narrow,
               options={**times, "tc_e_trace": 60.0, "zero_lag": True})
    yield Case("rmax_scaled_batch1", "Rmax", nu_pre=1e-2, additive=True, n_post=2, steps=200, seed=7, tau=12.0,
               scales=(0.7, 1.0), w_min=0.1, w_max=0.7, options={"tc_c": 9.0, "tc_e_trace": 60.0})


def over_maps() -> Iterator[Case]:
    """Convolutions (stride and padding too) and locally connected layers, batch 1 and 4 where BindsNET can.

    A locally connected weight sees one position where a shared one sees many: it learns 20 times faster.
    """
    rules = {"PostPre": (1e-3, 2e-3), "Hebbian": (1e-4, 2e-4), "WeightDependentPostPre": (1e-3, 2e-3),
             "MSTDP": (2e-3, 0.0), "MSTDPET": (2e-3, 0.0)}
    for rule, nu in rules.items():
        shared = {"rule": rule, "nu_pre": nu[0], "nu_post": nu[1], "additive": rule.startswith("MSTDP")}
        local = {**shared, **SMALL, "nu_pre": 20 * nu[0], "nu_post": 20 * nu[1]}
        for batch in (1, 4):
            name = f"{rule.lower()}_batch{batch}"
            yield Case(f"conv_{name}", connection="conv", batch=batch, **shared)
            yield Case(f"local2d_{name}", connection="local2d", batch=batch, **local)
        yield Case(f"conv_strided_{rule.lower()}", connection="conv", batch=2, **shared, stride=2, padding=1, seed=1)
        yield Case(f"local_{rule.lower()}_batch1", connection="local", **local, seed=2)
    yield Case("local_diehlandcook_batch1", "DiehlAndCook", "local", **SMALL, options={"x_tar": 0.2}, seed=2)


def trains(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Random spikes, bool [steps, batch, *shape], with a volley in which all neurons spike at once.

    Without coincidences, presynaptic neurons spike in even steps and postsynaptic ones in odd steps.
    """
    rng, lead = np.random.default_rng(case.seed), (case.steps, case.batch)
    pre = rng.random((*lead, *case.pre_shape)) < case.rate
    post = rng.random((*lead, *case.post_shape)) < case.rate
    if case.coincident:
        pre[case.steps // 2] = post[case.steps // 2] = True
    else:
        pre[1::2] = post[::2] = False
    return pre, post


def reward(case: Case) -> np.ndarray:
    """Of each step, from -1 to 1."""
    return np.random.default_rng([case.seed, 2]).uniform(-1.0, 1.0, case.steps)


def start(case: Case) -> np.ndarray | None:
    """Weights at the start, float32, in BindsNET's shape for the connection; LocalConnection2D draws its own."""
    rng = np.random.default_rng([case.seed, 1])
    shape = {"conv": (case.channels, case.shape[0], case.size, case.size), "local2d": None,
             "local": (int(np.prod(case.pre_shape)), int(np.prod(case.post_shape)))}.get(
                 case.connection, (case.n_pre, case.n_post))
    if shape is None:
        return None
    w = rng.uniform(case.w_low, case.w_high, shape).astype(np.float32)
    return w * windows(case) if case.connection == "local" else w


def windows(case: Case) -> np.ndarray:
    """Which synapses a locally connected layer has: bool [n_pre, n_post], post (channel, row, column)."""
    _, height, width = case.shape
    channels, rows, columns = case.post_shape
    found = np.zeros((height, width, channels, rows, columns), bool)
    for r in range(rows):
        for q in range(columns):
            top, left = r * case.stride, q * case.stride
            found[top:top + case.size, left:left + case.size, :, r, q] = True
    return found.reshape(height * width, -1)
