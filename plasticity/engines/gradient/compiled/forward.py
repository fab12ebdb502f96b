"""The program that runs all steps of a batch forwards, and keeps what the way back will look up."""

from __future__ import annotations

from plasticity.engines.gradient.compiled.body import Body, flushed
from plasticity.engines.gradient.compiled.step import Step


def bodies(step: Step, kept: tuple[str, ...]) -> list[Body]:
    """The loops over neurons: equations and thresholds, then what arrives and resets; one loop where no spike of the
    same step can arrive. kept: names whose values are kept for the way back."""
    up_to_threshold = Body("ahead")
    for name, place in step.at_start.items():
        up_to_threshold.load(place, f"s_{name}", f"s_{name}")
    for name in step.neuron.drawn:
        up_to_threshold.load(name, f"of_{name}", name)
    _ahead(step, kept, up_to_threshold)
    if step.shape.loops:
        for name, place in step.at_threshold.items():
            up_to_threshold.store(f"s_{name}", f"s_{name}", place)
        after_threshold = Body("settle")
        for name, place in step.at_threshold.items():
            after_threshold.load(place, f"s_{name}", f"s_{name}")
        if not step.neuron.reset_delay and step.neuron.at_reset:
            after_threshold(f"hit = {after_threshold.row('hits', 'hits')} != zero")
    else:
        after_threshold = up_to_threshold
    _settle(step, kept, after_threshold)
    return [up_to_threshold] if after_threshold is up_to_threshold else [up_to_threshold, after_threshold]


def _ahead(step: Step, kept: tuple[str, ...], body: Body) -> None:
    printer = step.printer
    if step.neuron.reset_delay:
        body(f"was = {body.row('hits', 'hits')} != zero")
    if step.shape.refractory:
        body(f"free = {body.row('ready', 'ready')} <= {body.number('now', 't')}")
    body(*printer.forwards([*step.due, *step.moving, *step.firing]))
    crossed = "u > zero" if step.strict else "u >= zero"
    body(f"hit = {crossed} and free" if step.shape.refractory else f"hit = {crossed}", "z = one if hit else zero")
    body.store("hits", "hits", "z")
    if step.shape.refractory:
        body(f"{body.row('ready', 'ready')} = {body.number('then', 't + refractory_steps')} if hit else ready[j]")
    body.store("transmitted", "transmitted[b, t]", "out" if step.neuron.output else "z")
    _keep(step, {*step.at_start.values(), *step.at_threshold.values(), "u", "free"}, kept, body)
    for name in step.shape.records:
        body.store(f"seen_{name}", f"seen_{name}[b, t]", step.at_threshold[name])


def _settle(step: Step, kept: tuple[str, ...], body: Body) -> None:
    looped = {loop.onto for loop in step.shape.loops}
    for name in step.shape.received:
        caller = f"arrived_{name}" if name in looped else f"drive_{name}[b, t]"
        if name in looped or name in step.shape.drives:
            body.load(f"in__{name}", f"in_{name}", caller)
        else:
            body(f"in__{name} = zero")
    if step.shape.refractory:
        body(f"open = {body.row('ready', 'ready')} <= {body.number('now', 't')}")
    body(*step.printer.forwards([*step.receiving, *step.resetting]))
    _keep(step, {*step.after_arrivals.values()} - {*step.at_threshold.values()}, kept, body)
    for name, place in step.at_end.items():
        body(f"e__{name} = {place}")
        body.store(f"s_{name}", f"s_{name}", flushed(f"e__{name}"))


def _keep(step: Step, here: set[str], kept: tuple[str, ...], body: Body) -> None:
    for name in kept:
        if name in here:
            body.store(f"kept_{name}", f"kept_{name}[b, t if keep else 0]", name)


def arguments(step: Step, kept: tuple[str, ...]) -> list[str]:
    """The program's arguments, in order."""
    shape = step.shape
    return ["first", "last", "keep", "listed", "refractory_steps", "c", "transmitted", "ptr", "index",
            *(f"drive_{name}" for name in shape.drives), *(f"state_{name}" for name in step.neuron.variables),
            "state_hits", "state_ready",
            *(f"kept_{name}" for name in kept), *(f"seen_{name}" for name in shape.records),
            *step.drawn_from,
            *(argument for k in range(len(shape.loops)) for argument in (f"w_{k}", f"delay_{k}"))]


def program(step: Step, kept: tuple[str, ...], loops: list[Body]) -> list[str]:
    """The function `forward`. Its state_ arguments [batch, n] are where it begins, and then where it ends."""
    names, looped = list(step.neuron.variables), tuple(dict.fromkeys(loop.onto for loop in step.shape.loops))
    lines = ["@kept_on_disk", f"def forward({', '.join(arguments(step, kept))}):",
             "    zero = c[0]", "    steps, n = transmitted.shape[1], transmitted.shape[2]",
             "    hits = np.zeros(n, transmitted.dtype)", "    ready = np.zeros(n, np.int32)"]
    lines += [f"    s_{name} = np.empty(n, transmitted.dtype)" for name in names]
    lines += [f"    arrived_{name} = np.zeros(n, transmitted.dtype)" for name in looped]
    lines += [f"    {row}" for row in step.drawn_rows]
    kept_rows = [("hits", "hits"), ("ready", "ready"), *((f"s_{name}", name) for name in names)]
    lines += ["    for b in range(first, last):", *(f"        {row}[:] = state_{name}[b]" for row, name in kept_rows)]
    lines += ["        for t in range(steps):", *(f"            {line}" for line in step.drawing),
              f"            {loops[0].call}", "            if listed:",
              "                ptr[b, t + 1] = collect(hits, index[b], ptr[b, t], zero)"]
    for name in looped:
        begin = f"drive_{name}[b, t]" if name in step.shape.drives else "zero"
        lines.append(f"            arrived_{name}[:] = {begin}")
    for k, loop in enumerate(step.shape.loops):
        into, then = f"arrived_{loop.onto}", f"t - delay_{k}"
        lines.append(f"            if {then} >= 0:")
        graded = f"add_weighted_rows({into}, w_{k}, transmitted[b, {then}])"
        spiking = f"add_rows({into}, w_{k}, index[b], ptr[b, {then}], ptr[b, {then} + 1])"
        lines.append(f"                {graded if step.neuron.output else spiking}")
    if len(loops) > 1:
        lines.append(f"            {loops[1].call}")
    return [*lines, *(f"        state_{name}[b] = {row}" for row, name in kept_rows), "", ""]
