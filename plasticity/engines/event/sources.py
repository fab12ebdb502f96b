"""Where spikes come from: an input's events or a population's list, kept in a ring for those that arrive later."""

from __future__ import annotations

from dataclasses import dataclass

from plasticity.engines.event.populations import Group
from plasticity.engines.event.writer import Writer


@dataclass(frozen=True)
class Source:
    """Where spikes come from: an input's events or a population's list, kept in a ring for delays."""

    name: str
    prefix: str  # of the ring's arrays
    n: int
    longest: int  # the longest delay (steps) with which anything reads this source
    group: Group | None

    def declare(self, code: Writer) -> None:
        if self.group is None:
            code.array(f"{self.prefix}_ptr", 1, 1, kind="int64")
            code.array(f"{self.prefix}_index", 1, kind="int32")
        else:
            code.array(f"{self.prefix}_counts", 1, 1, kind="int32")
            code.array(f"{self.prefix}_events", 1, kind="int64")
        if self.longest:
            code.listing(f"{self.prefix}_ring", f"{self.prefix}_ringn", self.longest + 1, self.n)

    def start(self, code: Writer) -> None:
        if self.longest:
            code(f"{self.prefix}_ringn[:] = 0")

    def _now(self, code: Writer) -> str:
        """Source text for the bounds of this step's spikes; answers the list they are in."""
        if self.group is None:
            sample = "s + b" if code.batched else "s"
            code(f"lo = {self.prefix}_ptr[{sample}, t]", f"hi = {self.prefix}_ptr[{sample}, t + 1]")
            return f"{self.prefix}_index"
        code("lo = 0", f"hi = {self.group.prefix}_ns[0]")
        return f"{self.group.prefix}_spk"

    def fired(self, code: Writer) -> None:
        """Counts this step's output spikes, writes them down if they are recorded, and puts all that arrive later into
        the ring.

        An event is (sample * steps + step) * n + neuron; the first number of the list says how many there are.
        """
        spikes = self._now(code)
        if self.group is not None:
            sample = "s + b" if code.batched else "s"
            with code.block("for q in range(lo, hi):"):
                code(f"{self.prefix}_counts[{sample}, {spikes}[q]] += 1")
            events = f"{self.prefix}_events"
            with code.block(f"if {events}.shape[0] > 0:"):
                code(f"written = {events}[0] + 1", f"place = (({sample}) * steps + t) * {self.n}")
                with code.block("for q in range(lo, hi):"):
                    code(f"{events}[written + q] = place + {spikes}[q]")
                code(f"{events}[0] += hi")
        if self.longest:
            code(f"slot = now % {self.prefix}_ring.shape[0]", f"{self.prefix}_ringn[slot] = hi - lo")
            with code.block("for q in range(lo, hi):"):
                code(f"{self.prefix}_ring[slot, q - lo] = {spikes}[q]")

    def arriving(self, code: Writer, delay: str = "0") -> str:
        """Sets lo and hi to the spikes fired `delay` steps ago; answers the list."""
        if delay == "0":
            return self._now(code)
        code(f"slot = (now - {delay}) % {self.prefix}_ring.shape[0]", "lo = 0", f"hi = {self.prefix}_ringn[slot]",
             f"row = {self.prefix}_ring[slot]")
        return "row"
