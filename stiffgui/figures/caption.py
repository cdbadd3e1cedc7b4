"""What stands beside a figure: its caption, and how that which it shows was made.

Files beside figures, reports and the documentation say the same: all follows from the docstring of
the figure's kind, from the picture, and from the settings and the provenance in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiffgui._version import __version__
from stiffgui.errors import InputError
from stiffgui.figures.base import Figure
from stiffgui.figures.fit import titled
from stiffgui.figures.picture import Box, Picture
from stiffgui.figures.script import page_command
from stiffgui.figures.sources import Drawn, drawn
from stiffgui.study.method import DRAWN, method
from stiffgui.study.summary import caption as over_trials

if TYPE_CHECKING:
    from stiffgui.experiment import Experiment
    from stiffgui.labs import Page
    from stiffgui.runs import Run

MADE_BY = "stiffgui", "torch", "numpy", "python", "device"  # of the provenance
PENALTY = " plus the weighted mean squared penalty"
FILES = "task.path", "task.outputs_path"
SAID = "training.trials", "training.first_trial", "training.device"  # in sentences of their own
BOXES = "Boxes: median and quartiles; whiskers: all values; dots: each trial."


def caption(shown: Figure, picture: Picture, source: Any) -> str:
    """What is seen, and of what: a paragraph that begins after the title."""
    told = " · ".join(filter(None, (picture.headline, picture.title, picture.note)))
    said = shown.explanation()
    facts = list(dict.fromkeys(told.split(" · "))) if told else []
    if facts:
        said.append(f"{'; '.join(facts)}.")
    if any(any(panel.of(Box)) for panel in picture.panels):
        said.append(BOXES)
    names = {run.name for run in drawn(source)} if isinstance(source, Sequence) else set()
    called = tuple(name for name in names if facts and facts[0] == name)
    begun = [t if t.startswith(called) else t[:1].upper() + t[1:] for t in said]
    return " ".join([*begun, _of(shown, source)]).strip()


def text_beside(shown: Figure, picture: Picture, source: Any, page: Page | None = None) -> str:
    """The content of the file beside a figure: caption, and how that which it shows was made; of
    the laboratory by which `page`."""
    made = _of_page(page) if page is not None else _methods(source)
    begin = f"{shown.title()}. {caption(shown, picture, source)}"
    return "\n\n".join([begin, *made]) + "\n"


def _of(shown: Figure, source: Any) -> str:
    if hasattr(source, "variants"):
        return f"Of the study {source.path.stem}; {over_trials(source)}."
    if not isinstance(source, Sequence):
        return " ".join(source.sentences())
    runs = drawn(source)[-1 if shown.one_run else 0 :]
    return f"Of {'runs' if len(runs) > 1 else 'run'} {', '.join(run.name for run in runs)}."


def _methods(source: Any) -> Iterator[str]:
    if hasattr(source, "variants"):
        study = source.study
        weights = (
            variant.weights or study.experiment_of(k, 0, 1).regularizer.weight
            for k, variant in enumerate(study.all_variants)
        )
        added = f"{PENALTY} of variants that have one" if any(weights) else ""
        how = f"{_settings(study.experiment)} {_optimiser(study.experiment, added)}"
        yield f"Methods. {study.trials} trials of each variant. {how}"
        for variant in study.all_variants:
            changes = ", ".join(f"{key} = {value}" for key, value in variant.settings.items())
            yield f"Variant {variant.name}: {changes or 'as it is'}."
        yield method(study)
        yield _made_by(source.provenance)
        return
    first: Drawn | None = None
    for each in drawn(source):
        if each.foreign or first is None:
            yield f"Methods, {each.name}. {_of_run(each)}"
            first = first if each.foreign else each
        else:
            others = each.experiment.differences(first.experiment)
            but = _settings(each.experiment, others) or "the same settings."
            yield f"Methods, {each.name}. As {first.name}, but for: {but}"


def _of_page(page: Page) -> Iterator[str]:
    yield f"Methods. Computed with stiffgui {__version__}: {page_command(page)}"
    yield f"Sources: {'; '.join(page.sources)}."


def _of_run(each: Drawn) -> str:
    run: Run = each.run
    if each.foreign:
        return " ".join([*(f"{text}." for text in run.watched_in_words), _made_by(run.provenance)])
    first, last = run.first_trial, run.first_trial + run.trials - 1
    numbers = f"the trial's number, {first} to {last}" if run.trials > 1 else f"trial {first}"
    changes = [f"epoch {e['epoch']}: {e['text']}" for e in run.events if e["kind"] == "change"]
    added = PENALTY if run.experiment.regularizer.weight else ""
    made = f"{_settings(run.experiment)} {_samples(each)}{_optimiser(run.experiment, added)}"
    changed = f" Changed while it trained: {'; '.join(changes)}." if changes else ""
    return (
        f"{run.trials} trial{'s' * (run.trials > 1)}. {made} {DRAWN.capitalize()} are drawn "
        f"from the seed and {numbers}; all trials have the same "
        f"data. Recorded: {run.decided.cadence.sentence}.{changed} {_made_by(run.provenance)}"
    )


def _samples(each: Drawn) -> str:
    """Of a table, whose settings are patterns: names and numbers of rows."""
    if each.experiment.task.kept_rows == 0:
        return ""
    try:
        data = each.data
    except InputError:  # the table is gone, and the file does not have it
        return ""
    kept = 0 if data.validation is None else len(data.validation[0])
    rows = f"{len(data.x_train)} training, {kept} validation and {len(data.x_test)} test rows"
    inputs, outputs = (
        ", ".join(titled(names, units))
        for names, units in (
            (data.input_names, data.input_units),
            (data.output_names, data.output_units),
        )
    )
    return f"Inputs {inputs}; outputs {outputs}; {rows}. "


def _optimiser(experiment: Experiment, added: str) -> str:
    """What is minimised, with what is `added`, and by what."""
    training, plateau = experiment.training, experiment.training.plateau
    drops = (
        f"; a trial's learning rate is multiplied by {plateau.factor:g} when its training loss has "
        f"not improved for {plateau.patience} epochs"
        if plateau.factor < 1
        else ""
    )
    return (
        f"Adam (Kingma & Ba 2015) minimises the root of the mean squared error of a batch{added}, "
        f"in {training.precision}{drops}."
    )


def _settings(experiment: Experiment, keys: Iterable[str] | None = None) -> str:
    """Settings group by group: of all those that are always seen or not usual, or those named."""
    groups: dict[str, list[str]] = {}
    values = experiment.flat()
    for spec in experiment.specs():
        value = values[spec.key]
        if keys is None:
            said = spec.group == "watch" or spec.key in SAID
            wanted = not said and (value != spec.default or not spec.advanced)
        else:
            wanted = spec.key in keys
        if wanted:
            shown = ", ".join(value) if isinstance(value, tuple) else value
            shown = Path(shown).name if spec.key in FILES else shown
            if shown == "":  # nothing of the kind
                continue
            text = f"{spec.title} {shown} {spec.unit}".strip()
            groups.setdefault(spec.group, []).append(text)
    return " ".join(f"{group.capitalize()}: {', '.join(each)}." for group, each in groups.items())


def _made_by(provenance: Mapping[str, Any]) -> str:
    known = [f"{name} {provenance[name]}" for name in MADE_BY if name in provenance]
    return f"Made with {', '.join(known)}." if known else ""
