"""A report: one HTML file with settings, figures, tables and provenance; nothing outside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui._presets import presets, short_text
from stiffgui._resources import resource
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
from stiffgui.plain_text import visible
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


def write_report(
    source: Sequence[Any], path: Path, settings: Mapping[str, Any] | None = None
) -> None:
    """Write the report of runs, the last one in detail. Raises OSError when it cannot.

    `settings`: those of the figures, where they have them (epoch, layer, trial).
    """
    from jinja2 import Environment

    runs, settings = drawn(source), settings or {}
    # Here, and nowhere else, text becomes HTML.
    environment = Environment(autoescape=True, finalize=_shown)
    environment.filters["told"] = _told
    written = environment.from_string(resource("report.html").read_text("utf-8")).render(
        names=", ".join(run.name for run in runs),
        version=_version(),
        over=STIFFNESS.format(over=over_samples(runs)),
        results=_results(runs),
        figures=[
            *(_figure(figure, text, runs, settings) for figure, text in TOGETHER),
            *(
                _figure(figure, text, runs[-1:], settings)
                for figure, text in ALONE
                if not (runs[-1].foreign and isinstance(figure, Fit))
            ),
        ],
        runs=[_about(run.run) for run in runs],
    )
    path.write_text(written, "utf-8")


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def _told(value: Any) -> str:
    """A cell that is no number."""
    if isinstance(value, dict):
        value = [f"{k} {v}" for k, v in value.items()]
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _version() -> str:
    from stiffgui._version import __version__

    return __version__


def _figure(
    figure: Figure, text: str, runs: Sequence[Drawn], settings: Mapping[str, Any]
) -> dict[str, str]:
    file = io.BytesIO()
    known = {k: v for k, v in settings.items() if k in type(figure).model_fields}
    picture = figure.changed(**known).picture(runs)
    usual, across = Style(), max(map(len, picture.rows), default=1)
    least = {"width": max(usual.width, across * PANEL), "height": len(picture.rows) * PANEL}
    style = usual.model_copy(update=least | {"height": max(usual.height, least["height"])})
    paint_into(file, picture, "svg", style)
    of = f" {runs[-1].name}." if len(runs) == 1 else ""
    text = text.format(over=over_samples(runs), samples=probe_samples(runs[-1].probe_count))
    # As an image of its own: the names inside one SVG must not meet those of another.
    data = base64.b64encode(file.getvalue()).decode()
    return {"title": figure.title(), "data": data, "caption": text + of}


def _results(runs: Sequence[Drawn]) -> list[tuple[Any, ...]]:
    return [
        (row.run, row.quantity, row.median, row.lower_quartile, row.upper_quartile, row.trials)
        for row in Summary().tabulate_runs(runs).itertuples()
    ]


def _about(run: Run) -> dict[str, Any]:
    """Settings, note, events and provenance of a run; what is known of a foreign network."""
    about = {"command": "", "warnings": ()} if run.foreign else _own(run)
    history = run.series()
    ended = (
        f"{run.ending} at epoch {int(history.epochs[-1])} after "
        f"{float(history.seconds[-1]):.1f} s of training."
        if len(history.epochs) and not run.is_matrices
        else ""
    )
    known = run.watched_in_words if run.foreign else about.pop("sentences")
    tables = [
        *about.pop("tables", ()),
        ("Events", ("epoch", "what happened"), [(e["epoch"], e["text"]) for e in run.events]),
        ("Provenance", (), list(run.provenance.items())),
    ]
    return {
        "name": run.path.stem,
        "sentences": list(filter(None, [ended, run.note, *known])),
        "tables": [(title, heads, rows) for title, heads, rows in tables if rows],
        **about,
    }


def _own(run: Run) -> dict[str, Any]:
    """What a run of ours has besides: settings, outputs, and how it is trained again."""
    start = next(iter(presets))
    changed = run.experiment.differences(presets[start])
    settings = [
        (spec.key, spec.title, value, spec.unit, "changed" if spec.key in changed else "")
        for spec, value in zip(run.experiment.specs(), run.experiment.flat().values(), strict=True)
    ]
    command, lacking = "", ""
    try:
        command = f"stiffgui train {_quoted(short_text(run.experiment, start))}"
    except InputError as error:  # its table cannot be read
        lacking = f"To train it again its table is needed: {error}"
    outputs, warnings, problem = _scores(run)
    tables = [
        ("Outputs", *outputs),
        ("Settings", ("key", "setting", "value", "unit", f"against {start}"), settings),
    ]
    return {
        "sentences": [lacking, problem],
        "command": command,
        "tables": tables,
        "warnings": warnings,
    }


def _scores(run: Run) -> tuple[tuple[Sequence[str], Sequence[Any]], Sequence[str], str]:
    """How well each output is predicted at the last kept epoch, as headings and rows; warnings; or
    why there is no network that does."""
    from stiffgui.runs.scores import TITLES, output_scores, warnings_of

    try:
        scores = output_scores(run)
    except InputError as error:  # it keeps no network, or its table cannot be read
        return ((), ()), (), f"No scores of outputs: {error}"
    shown = [n for n in TITLES if any(np.isfinite(getattr(score, n)) for score in scores)]
    rows = [(s.name, *(getattr(s, name) for name in shown), s.unit) for s in scores]
    heads = ("output", *(TITLES[name] for name in shown), "unit")
    return (heads, rows), warnings_of(scores), ""


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
