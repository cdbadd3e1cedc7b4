"""A report of runs or of a study: one HTML file with settings, figures, tables and provenance, and
nothing outside it; or a PDF of the same."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stiffgui._presets import told_by, training_words
from stiffgui._resources import resource
from stiffgui.errors import InputError
from stiffgui.figures.base import Figure
from stiffgui.figures.caption import caption
from stiffgui.figures.files import paint_into, write
from stiffgui.figures.fit import Fit
from stiffgui.figures.history import Errors, Stiffness
from stiffgui.figures.layers import Layers
from stiffgui.figures.layout import pages_of
from stiffgui.figures.picture import Picture
from stiffgui.figures.report_pdf import told, write_pdf
from stiffgui.figures.script import flags, judged_flags
from stiffgui.figures.sources import Drawn, drawn, over_samples
from stiffgui.figures.spectrum import Spectrum
from stiffgui.figures.style import Style, of_journal
from stiffgui.figures.summary import Summary
from stiffgui.plain_text import visible
from stiffgui.study.declaration import JUDGED

if TYPE_CHECKING:
    from stiffgui.runs import Run

# Of every figure: the width of a page, with its heading and as high as it needs.
STYLE = Style(**of_journal("two-columns") | {"heading": True, "letters": False})
REPORTS = ".html", ".pdf"
SCORES = "test_r2", "test_rmse"  # of each output of each variant
# Drawn of all runs together, then of the last one.
TOGETHER: tuple[Figure, ...] = (Errors(), Stiffness())
ALONE: tuple[Figure, ...] = (Layers(), Spectrum(), Fit())
# The settings that a report of runs takes, with a figure that declares each.
TAKES = {name: type(each) for each in (*TOGETHER, *ALONE) for name in type(each).model_fields}


@dataclass(frozen=True)
class Chapter:
    """A figure of a report: its title, its caption, and its pages as they are painted."""

    title: str
    caption: str
    picture: Picture

    @property
    def pages(self) -> Iterator[tuple[Picture, Style]]:
        """The picture with the style of each page."""
        for number in range(1, len(pages_of(self.picture, STYLE)) + 1):
            yield self.picture, STYLE.model_copy(update={"page": number})

    @property
    def images(self) -> list[str]:
        """Each page as SVG, base64: names inside one must not meet those of another."""
        return [base64.b64encode(self._svg(*page)).decode() for page in self.pages]

    def _svg(self, picture: Picture, style: Style) -> bytes:
        file = io.BytesIO()
        paint_into(file, picture, "svg", style)
        return file.getvalue()


@dataclass(frozen=True)
class Content:
    """What a report says, whatever file it becomes."""

    names: str
    files: Sequence[str]
    about: str
    heads: Sequence[str]
    results: Sequence[tuple[Any, ...]]
    figures: Sequence[Chapter]
    runs: Sequence[dict[str, Any]]
    command: str
    script: str


def write_report(source: Any, path: Path, settings: Mapping[str, Any] | None = None) -> None:
    """Write the report of runs, the last one in detail, or of a study: a PDF where `path` ends so,
    else one HTML file. Raises InputError when it cannot be written.

    `settings`: those of the figures of runs, where they have them (epoch, layer, trial). Raises
    InputError for others.
    """
    for name in settings or {}:
        if name not in TAKES or hasattr(source, "variants"):
            raise InputError(f"a report of this file has no setting {name!r}: leave it out.", name)
    content = _of_study(source, path) if hasattr(source, "variants") else None
    content = content or _of_runs(source, path, settings or {})
    if path.suffix.lower() == ".pdf":
        write_pdf(content, path)
        return
    from jinja2 import Environment

    # Here, and nowhere else, text becomes HTML.
    environment = Environment(autoescape=True, finalize=_shown)
    environment.filters["told"] = told
    template = environment.from_string(resource("report.html").read_text("utf-8"))
    written = template.render(version=_version(), **vars(content))
    write(path, lambda file: file.write(written.encode()))


def _of_runs(source: Sequence[Any], path: Path, settings: Mapping[str, Any]) -> Content:
    runs = drawn(source)
    files = [str(run.run.path) for run in runs]
    together = [_figure(figure, runs, settings) for figure in TOGETHER]
    alone = [
        _figure(figure, runs[-1:], settings)
        for figure in ALONE
        if not (runs[-1].foreign and isinstance(figure, Fit))
    ]
    return Content(
        ", ".join(run.name for run in runs),
        files,
        "Last values: median and quartiles over trials. RMSE over samples and outputs; indices "
        f"summed over layers if not said otherwise, {over_samples(runs)}.",
        ("run", "quantity", "median", "lower quartile", "upper quartile", "trials"),
        _results(runs),
        [*together, *alone],
        [_about(run.run) for run in runs],
        *_again(files, path, runs, settings),
    )


def _of_study(results: Any, path: Path) -> Content:
    from stiffgui.figures.study import Front, StudySummary
    from stiffgui.runs.scores import TITLES
    from stiffgui.study.comparison import comparisons_of
    from stiffgui.study.method import method
    from stiffgui.study.scores import study_scores, study_warnings
    from stiffgui.study.summary import caption as over_trials
    from stiffgui.study.summary import chosen_sentences, readable

    heads, rows = readable(results)
    chosen = any(variant.weights and variant.trials for variant in results.variants)
    found = [comparison.sentence for comparison in comparisons_of(results) if comparison.pairs]
    name, changed = told_by(results.study.experiment)
    variants = [(v.name, v.settings, v.weights) for v in results.study.all_variants]
    warnings: Sequence[str] = ()
    try:
        scores, problem = study_scores(results), ""
        warnings = study_warnings(scores)
    except InputError as error:
        scores, problem = {}, f"No scores of outputs: {error}"
    outputs = [
        (variant, each.name, *(getattr(each, name) for name in SCORES), each.unit)
        for variant, every in scores.items()
        for each in every
    ]
    tables = [
        ("Outputs", ("variant", "output", *(TITLES[name] for name in SCORES), "unit"), outputs),
        ("Variants", ("variant", "settings", "weights"), variants),
        ("Settings", ("key", "value", f"in {name}"), [(k, *v) for k, v in changed.items()]),
        ("Provenance", (), list(results.provenance.items())),
    ]
    figures: list[Figure] = [StudySummary(), *([Front()] if chosen else [])]
    about = {
        "name": results.path.stem,
        "sentences": [results.study.about, *found, *chosen_sentences(results), problem],
        "tables": [table for table in tables if table[2]],
        "command": f"stiffgui study {results.path.stem}.toml --out again.stiff",
        "warnings": warnings,
        "toml": results.study.to_toml(),
    }
    about["sentences"] = [*filter(None, about["sentences"]), f"Method: {method(results.study)}"]
    return Content(
        results.path.stem,
        [str(results.path)],
        f"Last values: {over_trials(results)}.",
        heads,
        [tuple(row) for row in rows],
        [
            Chapter(figure.title(), caption(figure, picture, results), picture)
            for figure in figures
            for picture in [figure.picture(results)]
        ],
        [about],
        *_study_again(results, path),
    )


def _again(
    files: Sequence[str], path: Path, runs: Sequence[Drawn], settings: Mapping[str, Any]
) -> tuple[str, str]:
    """The command and the script that write the same report of runs."""
    looks = [word for name, v in settings.items() for word in flags(TAKES[name], name, v)]
    colours = [run.colour for run in runs]
    usual = colours == [*range(len(runs))]
    numbers = [] if usual else [word for each in colours for word in ("--colour", str(each))]
    opened = f"[{', '.join(f'open_run({file!r})' for file in files)}]"
    opened = opened if usual else f"drawn({opened}, {colours})"
    return _report_words([*files, *looks, *numbers], path, f"source = {opened}", dict(settings))


def _study_again(results: Any, path: Path) -> tuple[str, str]:
    """The same of a study, with what it is judged by."""
    judged = {name: getattr(results.study, name) for name in JUDGED}
    file = str(results.path)
    opened = f"source = open_study({file!r})\nsource.judge(**{judged!r})"
    return _report_words([file, *judged_flags(judged)], path, opened, {})


def _report_words(
    words: Sequence[str], path: Path, opened: str, settings: dict[str, Any]
) -> tuple[str, str]:
    script = (
        "from pathlib import Path\n\nfrom stiffgui import open_run, open_study\n"
        "from stiffgui.figures import drawn\nfrom stiffgui.figures.report import write_report\n\n"
        f"{opened}\nwrite_report(source, Path({path.name!r}), {settings!r})\n"
    )
    return shlex.join(["stiffgui", "export", *words, "--report", "-o", path.name]), script


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def _version() -> str:
    from stiffgui._version import __version__

    return __version__


def _figure(figure: Figure, runs: Sequence[Drawn], settings: Mapping[str, Any]) -> Chapter:
    known = {k: v for k, v in settings.items() if k in type(figure).model_fields}
    picture = figure.changed(**known).picture(runs)
    if np.isfinite(picture.layers).any() and "layer" not in known:
        # The one that a reader looks for.
        known["layer"] = int(np.nanargmax(picture.layers)) + 1
        picture = figure.changed(**known).picture(runs)
    return Chapter(figure.title(), caption(figure, picture, runs), picture)


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
    name, changed = told_by(run.experiment)
    pairs = zip(run.experiment.specs(), run.experiment.flat().values(), strict=True)
    settings = [(spec.key, spec.title, value, spec.unit) for spec, value in pairs]
    heads = ("key", "setting", "value", "unit")
    command, lacking = "", ""
    try:
        command = " ".join(map(_quoted, ["stiffgui", "train", *training_words(run.experiment)]))
    except InputError as error:  # its table cannot be read
        lacking = f"To train it again its table is needed: {error}"
    outputs, warnings, problem = _scores(run)
    tables = [
        ("Outputs", *outputs),
        (f"Settings other than those of {name}", heads, [s for s in settings if s[0] in changed]),
        ("Other settings", heads, [s for s in settings if s[0] not in changed]),
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
