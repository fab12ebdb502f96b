"""Generated programs of populations and convolutions run by Python itself: the same text, and nothing to compile."""

from types import ModuleType

from plasticity.engines.gradient import rows
from plasticity.engines.gradient.compiled import support


def load(source, called=()):
    """In place of `plasticity._utils.generated.load`."""
    module = ModuleType("interpreted")
    for part in (support, rows):
        vars(module).update({name: getattr(value, "py_func", value) for name, value in vars(part).items()
                             if not name.startswith("_")})
    lines = [line for line in source.splitlines() if not line.startswith("from plasticity")]
    vars(module).update(dict.fromkeys(("compiled", "kept", "kept_on_disk", "regrouped"), lambda function: function))
    exec(compile("\n".join(lines), "<interpreted>", "exec"), vars(module))
    return module
