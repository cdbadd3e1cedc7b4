"""A report: one HTML file with settings, figures, tables and provenance; nothing outside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui._presets import presets, short_text
from stiffgui.errors import InputError
from stiffgui.figures.base import Figure
from stiffgui.figures.files import paint_into
from stiffgui.figures.fit import Fit
from stiffgui.figures.history import Errors, Stiffness
from stiffgui.figures.layers import Layers
from stiffgui.figures.sources import Drawn, drawn, over_samples
from stiffgui.figures.spectrum import Spectrum
from stiffgui.figures.style import Style
from stiffgui.figures.summary import Summary
from stiffgui.training.cadence import probe_samples

if TYPE_CHECKING:
    from stiffgui.runs import Run

PANEL = 60.0  # mm, of each of several
STIFFNESS = "summed over layers if not said otherwise, {over}"
# Drawn of all runs together, then of the last one, each with what is seen; `over` and `samples`
# say on how many samples indices are taken.
TOGETHER: tuple[tuple[Figure, str], ...] = (
    (Errors(), "RMSE of each epoch; median over trials, and quartiles."),
    (Stiffness(), f"Indices, {STIFFNESS}."),
)
ALONE: tuple[tuple[Figure, str], ...] = (
    (Layers(), "One index of every layer, epoch after epoch."),
    (Spectrum(), "Of a layer's Jacobian at {samples}."),
    (Fit(), "What the network has learnt beside what it should learn."),
)
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c2230; background: #fff; }
h1, h2, h3 { line-height: 1.2; font-weight: 600; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; font-size: 13px; margin: .5rem 0; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #e8eaee; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } figure img { max-width: 100%; }
figcaption, .faint { color: #5d6675; font-size: 13px; }
code { font-size: 13px; background: #f3f4f6; padding: .1rem .3rem; overflow-wrap: anywhere; }
"""


def write_report(
    source: Sequence[Any], path: Path, settings: Mapping[str, Any] | None = None
) -> None:
    """Write the report of runs, the last one in detail. Raises OSError when it cannot.

    `settings`: those of the figures, where they have them (epoch, layer, trial).
    """
    runs, settings = drawn(source), settings or {}
    names = ", ".join(run.name for run in runs)
    body = [
        f"<h1>{escape(names)}</h1>",
        f'<p class="faint">Made by stiffgui {escape(_version())} from the run '
        f"{'files' if len(runs) > 1 else 'file'} named here.</p>",
        "<h2>Results</h2>",
        "<p>Last values: median and quartiles over trials. RMSE over samples and outputs; "
        f"indices {STIFFNESS.format(over=over_samples(runs))}.</p>",
        _results(runs),
        *(_figure(figure, text, runs, settings) for figure, text in TOGETHER),
        *(_figure(figure, text, runs[-1:], settings) for figure, text in ALONE),
        *(_about(run.run) for run in runs),
    ]
    path.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(names)}'
        f"</title><style>{STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n",
        "utf-8",
    )


def _version() -> str:
    from stiffgui._version import __version__

    return __version__


def _figure(figure: Figure, text: str, runs: Sequence[Drawn], settings: Mapping[str, Any]) -> str:
    file = io.BytesIO()
    known = {k: v for k, v in settings.items() if k in type(figure).model_fields}
    picture = figure.changed(**known).picture(runs)
    usual, across = Style(), max(map(len, picture.rows), default=1)
    least = {"width": max(usual.width, across * PANEL), "height": len(picture.rows) * PANEL}
    style = usual.model_copy(update=least | {"height": max(usual.height, least["height"])})
    paint_into(file, picture, "svg", style)
    # As an image of its own: the names inside one SVG must not meet those of another.
    data = base64.b64encode(file.getvalue()).decode()
    of = f" {runs[-1].name}." if len(runs) == 1 else ""
    text = text.format(over=over_samples(runs), samples=probe_samples(runs[-1].probe_count))
    title = escape(figure.title())
    return (
        f'<h2>{title}</h2><figure><img alt="{title}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(text + of)}</figcaption></figure>"
    )


def _results(runs: Sequence[Drawn]) -> str:
    table = Summary().tabulate_runs(runs)
    rows = [
        (row.run, row.quantity, row.median, row.lower_quartile, row.upper_quartile, row.trials)
        for row in table.itertuples()
    ]
    heads = ("run", "quantity", "median", "lower quartile", "upper quartile", "trials")
    return _table(heads, rows)


def _about(run: Run) -> str:
    """Settings, note, events and provenance of a run."""
    start = next(iter(presets))
    changed = run.experiment.differences(presets[start])
    settings = [
        (spec.key, spec.title, value, spec.unit, "changed" if spec.key in changed else "")
        for spec, value in zip(run.experiment.specs(), run.experiment.flat().values(), strict=True)
    ]
    events = [(e["epoch"], e["text"]) for e in run.events]
    history = run.series()
    parts = [
        f"<h2>{escape(run.path.stem)}</h2>",
        f"<p>{run.ending} at epoch {int(history.epochs[-1])} after "
        f"{float(history.seconds[-1]):.1f} s of training.</p>"
        if len(history.epochs)
        else "",
        f"<p>{escape(run.note)}</p>" if run.note else "",
        _again(run, start),
        _scores(run),
        "<h3>Settings</h3>",
        _table(("key", "setting", "value", "unit", f"against {start}"), settings),
        "<h3>Events</h3>" + _table(("epoch", "what happened"), events) if events else "",
        "<h3>Provenance</h3>",
        _table(("", ""), [(k, v) for k, v in run.provenance.items()]),
    ]
    return "\n".join(filter(None, parts))


def _scores(run: Run) -> str:
    """How well each output is predicted, at the last kept epoch; nothing without a network."""
    from stiffgui.runs.scores import TITLES, output_scores, warnings_of

    try:
        scores = output_scores(run)
    except InputError as error:  # it keeps no network, or its table cannot be read
        return f"<p>No scores of outputs: {escape(str(error))}</p>"
    shown = [n for n in TITLES if any(np.isfinite(getattr(score, n)) for score in scores)]
    rows = [(s.name, *(getattr(s, name) for name in shown), s.unit) for s in scores]
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in warnings_of(scores))
    heads = ("output", *(TITLES[name] for name in shown), "unit")
    return f"<h3>Outputs</h3>{_table(heads, rows)}{said}"


def _again(run: Run, start: str) -> str:
    """The command that trains it, where its table can be read."""
    try:
        command = f"stiffgui train {_quoted(short_text(run.experiment, start))}"
    except InputError as error:
        return f"<p>To train it again its table is needed: {escape(str(error))}</p>"
    return f"<p>Train it again: <code>{escape(command)}</code></p>"


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(_cell(v) for v in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>" if any(heads) else f"<table>{body}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        return f"<td>{escape(text)}</td>"
    return (
        f'<td class="n">{value:.4g}</td>'
        if isinstance(value, float)
        else (f'<td class="n">{value}</td>')
    )
