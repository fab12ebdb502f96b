"""A request to stop (Ctrl-C, or a terminate signal) is kept until the present block is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Stop:
    """asked: whether someone wants the run to end."""

    asked: bool = False


@contextmanager
def stop_requests() -> Iterator[Stop]:
    """The first request sets `asked`; the second one interrupts at once. Does nothing outside the main thread."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handle(number, frame):
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
