"""What a checkpoint must share with a fit that goes on from it."""

from __future__ import annotations

import numpy as np

from plasticity.learner.targets import Targets
from plasticity.runs.checkpoint import fingerprint

PLAIN = (str, int, float, bool, type(None), tuple)
PASSING = ("verbose",)  # arguments that change nothing that is learned
#: engines that add in one order, however many threads there are
ONE_THREAD = ("event", "brian2", "brian2_cpp")


def identity(estimator, x: np.ndarray, targets: Targets) -> dict[str, str]:
    """Names of what must be the same, and texts that tell whether it is."""
    settings = {name: repr(value) if isinstance(value, PLAIN) else type(value).__name__
                for name, value in estimator.get_params(deep=False).items() if name not in PASSING}
    settings |= {"augment": str(estimator.described_.words.get("augment"))} if "augment" in settings else {}
    data = [x, np.asarray(targets.values)] + ([] if targets.weight is None else [targets.weight])
    return {"learner": type(estimator).__name__, **settings, **_structure(estimator), "data": fingerprint(*data),
            **_threads(estimator)}


def _threads(estimator) -> dict[str, str]:
    """How many threads share sums among them, where an engine's last bits depend on it."""
    asked = estimator.described_.experiment
    if asked.engine.name in ONE_THREAD or asked.asked.device != "cpu":
        return {}
    import torch

    return {"number of threads (torch.set_num_threads, OMP_NUM_THREADS)": str(torch.get_num_threads())}


def _structure(estimator) -> dict[str, str]:
    """The network, its first weights and delays, and how samples are shown."""
    trainer = estimator.trainer_
    model = getattr(trainer, "model", None)
    if model is None:
        structure = getattr(getattr(trainer, "described", None), "fingerprint", None)
        return {"initial weights": fingerprint(*trainer.weights().values()),
                **({} if structure is None else {"network": structure})}
    built = [np.asarray(getattr(projection, part), float) for projection in model.network.projections
             for part in ("weights", "axonal_delay", "dendritic_delay")]
    return {"network": model.network.fingerprint, "initial weights or delays": fingerprint(*built),
            "presentation": str(model.presentation)}
