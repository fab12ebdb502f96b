"""One self-contained page about a run: numbers, figures, and what it was made with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path

from plasticity.runs.files import write_text

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}table{border-collapse:collapse}
td,th{padding:.2rem .9rem .2rem 0;text-align:left;vertical-align:top}td{font-variant-numeric:tabular-nums}
tr{border-bottom:1px solid #eee}img{max-width:100%;height:auto}figure{margin:1.5rem 0}"""


def write(path: Path, result: Mapping[str, object], figures: Mapping[str, Path], config: Mapping[str, object]) -> Path:
    """Writes the page; figures (name -> png file) are embedded."""
    numbers = {name: value for name, value in result.items() if not isinstance(value, Mapping | list)}
    parts = [f"<h1>{escape(str(result['network'] or result['rule']))} on {escape(str(result['task']))}: "
             f"{escape(told(result))}</h1>",
             *(f"<p><strong>Warning:</strong> {escape(line)}</p>" for line in result.get("warnings", ())),
             _table("Result", numbers), _table("Accuracy by readout", result["accuracy_by_readout"])]
    if "accuracy_untrained_by_readout" in result:
        parts.append(_table("The same network untrained (control)", result["accuracy_untrained_by_readout"]))
    parts += ["<h2>Figures</h2>", *(_figure(name, file) for name, file in figures.items())]
    for title in ("settings", "versions", "machine"):
        parts.append(_table(title.capitalize(), config.get(title, {})))
    write_text(path, f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(str(result['task']))}</title>"
                     f"<style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n")
    return path


def told(result: Mapping[str, object]) -> str:
    """What a run came to on the held-out samples, in words."""
    score = result.get("score") or {"name": "accuracy"}
    if score["name"] == "accuracy":
        return f"{100 * float(result['accuracy']):.1f} % of held-out samples right"
    return f"{score['name']} of held-out samples {score['value']:.4g} {score['unit']}".rstrip()


def _table(title: str, rows: Mapping[str, object]) -> str:
    cells = "".join(f"<tr><th>{escape(str(name))}</th><td>{escape(_text(value))}</td></tr>"
                    for name, value in rows.items())
    return f"<h2>{escape(title)}</h2><table>{cells}</table>"


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _figure(name: str, file: Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode()
    return f'<figure><img alt="{escape(name.replace("_", " "))}" src="data:image/png;base64,{data}"></figure>'
