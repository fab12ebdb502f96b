"""The command `plasticity`."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

__all__ = ["main"]

BAD_INPUT, STOPPED = 2, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits: 0 done, 2 bad input (one line on stderr says what), 130 stopped by Ctrl-C."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and answers its exit code."""
    import typer

    from plasticity.cli.app import command
    from plasticity.errors import PlasticityError

    usage_error = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warned
            code = command().main(args=None if arguments is None else list(arguments), prog_name="plasticity",
                                  standalone_mode=False)
        return code if isinstance(code, int) else 0
    except usage_error as error:
        return _failed(error.format_message())
    except (PlasticityError, OSError) as error:
        return _failed(str(error))
    except (KeyboardInterrupt, typer.Abort):
        print("stopped", file=sys.stderr)
        return STOPPED


def _warned(message: Warning | str, *where, **more) -> None:
    """A warning is one line here, without the place in the program that it comes from."""
    print(f"warning: {' '.join(str(message).split())}", file=sys.stderr, flush=True)


def _failed(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT
