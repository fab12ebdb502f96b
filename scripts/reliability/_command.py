"""What all of these scripts are asked for, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from _children import say
from _summary import RESULTS, faults, total

T = TypeVar("T")


def asked(doc: str, only: str = "", **numbers: tuple[float, str]) -> argparse.Namespace:
    """The arguments of a script. only: what may be chosen from, "" for nothing; numbers: default and help of others."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (default, words) in numbers.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=words)
    if only:
        parser.add_argument("--only", default="", help=f"{only} whose names begin with one of these, comma-separated")
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def chosen(named: Mapping[str, T], only: str) -> dict[str, T]:
    """Those whose names begin with one of the words of `only`; all where there is none. Ends the script if none do."""
    beginnings = tuple(word.strip() for word in only.split(",") if word.strip())
    found = {name: each for name, each in named.items() if not beginnings or name.startswith(beginnings)}
    if not found:
        raise SystemExit(f"--only {only}: none of {', '.join(named)}")
    return found


def end(told: Mapping[str, Mapping]) -> None:
    """Ends the script, with what was found as its last words; exit code 1 for a fault."""
    say(f"{total(told)}")
    sys.exit(bool(faults(told)))
