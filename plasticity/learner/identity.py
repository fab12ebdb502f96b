"""What a checkpoint must share with a fit that goes on from it."""

from __future__ import annotations

import numpy as np

from plasticity.learner.targets import Targets
from plasticity.runs.checkpoint import fingerprint

PLAIN = (str, int, float, bool, type(None), tuple)
PASSING = ("verbose",)  # arguments that change nothing that is learned


def identity(estimator, x: np.ndarray, targets: Targets) -> dict[str, str]:
    """Names of what must be the same, and texts that tell whether it is."""
    settings = {name: repr(value) if isinstance(value, PLAIN) else type(value).__name__
                for name, value in estimator.get_params(deep=False).items() if name not in PASSING}
    data = [x, np.asarray(targets.values)] + ([] if targets.weight is None else [targets.weight])
    return {"learner": type(estimator).__name__, **settings, **_structure(estimator), "data": fingerprint(*data)}


def _structure(estimator) -> dict[str, str]:
    """The network, its first weights and delays, and how samples are shown."""
    trainer = estimator.trainer_
    model = getattr(trainer, "model", None)
    if model is None:
        return {"initial weights": fingerprint(*trainer.weights().values())}
    built = [np.asarray(getattr(projection, part), float) for projection in model.network.projections
             for part in ("weights", "axonal_delay", "dendritic_delay")]
    return {"network": model.network.fingerprint, "initial weights or delays": fingerprint(*built),
            "presentation": str(model.presentation)}
