"""`stiffgui show`: what a run file holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from stiffgui._presets import as_text, told_by
from stiffgui.commands.matrix_files import MATRICES, Layers, Step, run_file
from stiffgui.commands.options import Against, AsJson, Margin
from stiffgui.commands.terminal import say
from stiffgui.errors import InputError
from stiffgui.stiffness import WATCHABLE
from stiffgui.stiffness.indices import OVER, network_index

if TYPE_CHECKING:
    from stiffgui.runs import Run
    from stiffgui.runs.scores import OutputScore
    from stiffgui.study.results import StudyResults


def show(
    run: Annotated[Path, typer.Argument(metavar=f"RUN.stiff|STUDY.stiff|{MATRICES}")],
    as_json: AsJson = False,
    against: Against = None,
    margin: Margin = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Of a run: other methods beside it; takes a while.")
    ] = False,
    layers: Layers = None,
    step: Step = None,
) -> None:
    """Show a run's settings, last errors and indices, or a study's table and sentences; of a file
    of matrices their indices.

    With --baselines also what other methods reach on the same split, fitted to its training rows:
    test R² of each output.
    """
    from stiffgui.runs import open_run
    from stiffgui.runs.baselines import baseline_scores
    from stiffgui.runs.opening import kind_of_file

    given, run = run, run_file(run, layers, step)
    if kind_of_file(run) == "study":
        show_study(run, as_json, against, margin)
        return
    with open_run(run) as opened:
        facts = summary(opened)
        settings = "" if opened.foreign else _settings(opened)
        compared = dict(baseline_scores(opened.data)) if baselines else {}
    if as_json:
        if baselines:
            facts["baselines"] = {k: [_plain(float(v)) for v in r2] for k, r2 in compared.items()}
        say(json.dumps(facts))
        return
    if given is run:
        say(f"{run}: {facts['state']} at epoch {facts['epoch']}, {facts['seconds']:.1f} s")
        say(f"median of {facts['trials']} trials" if facts["trials"] > 1 else "one trial")
    else:
        say(str(given))
    if settings:
        say(f"settings: {settings}")
    for name, value in (facts["errors"] | facts["indices"]).items():
        if value is None and name in facts["errors"] and facts["settings"] is None:
            continue  # it was not recorded at this epoch
        text = "undefined" if value is None else format(value, ".5g")
        if facts["errors_of"].get(name) is not None:
            text += f" ± {facts['errors_of'][name]:.2g}"
        say(f"  {name:28s} {text:12s} {facts['over'].get(name, '')}{_doubts(facts, name)}".rstrip())
    if len(facts["outputs"]) > 1 or compared:
        _print_outputs(facts["outputs"], compared)
    for sentence in facts["outputs_warnings"]:
        say(f"  {sentence}")
    if facts["outputs_problem"] and facts["settings"] is not None:
        say(f"  no scores of outputs: {facts['outputs_problem']}")
    for note in filter(None, [*facts["notes"], facts["kept"]]):
        say(f"  {note}")
    for what, sentence in facts["decisions"].items():
        say(f"  {what}: {sentence}")
    for event in facts["events"]:
        say(f"  epoch {event['epoch']}: {event['text']}")


def _settings(run: Run) -> str:
    """The table or the nearest preset, and what differs from it."""
    name, changed = told_by(run.experiment)
    mine = {key: as_text(value) for key, (value, _) in changed.items() if value is not None}
    differing = [f"{key} = {text}" for key, text in mine.items() if text]
    return f"those of {name}{', but ' * bool(differing)}{'; '.join(differing)}"


def _doubts(facts: dict[str, Any], name: str) -> str:
    """Why an index is undefined, or of how many samples and layers it is, floored or
    ill-conditioned."""
    if name in facts["undefined"]:
        return f"; {facts['undefined'][name]}"
    share = facts["flagged"].get(name, 0)
    return f"; {WATCHABLE[name].flag}: {share:.1%}" if share and name in WATCHABLE else ""


def show_study(
    path: Path,
    as_json: bool = False,
    against: Sequence[str] | None = None,
    margin: float | None = None,
) -> None:
    """Print a study's table and what its comparisons say, by default those the study asks for."""
    from stiffgui.study.comparison import comparisons_of
    from stiffgui.study.method import method
    from stiffgui.study.results import open_study
    from stiffgui.study.summary import caption, chosen_sentences, document, readable

    with open_study(path) as results:
        results.judge(against=against, margin=margin)
        scores, said, problem = _study_outputs(results)
        if as_json:
            outputs = {"outputs": scores, "outputs_warnings": said, "outputs_problem": problem}
            say(json.dumps(document(results) | outputs))
            return
        state = "finished" if results.finished else "not finished"
        say(f"{path}: {state}; {caption(results)}")
        titles, rows = readable(results)
        _print_table(titles, rows)
        for sentence in chosen_sentences(results):
            say(sentence)
        found = comparisons_of(results)
        for comparison in found:
            if comparison.pairs:
                say(comparison.sentence)
        if any(comparison.pairs for comparison in found):
            say(f"Method: {method(results.study)}")
        if any(len(outputs) > 1 for outputs in scores.values()):
            _print_scores(scores)
        for sentence in said:
            say(sentence)
        if problem:
            say(f"no scores of outputs: {problem}")


def _study_outputs(results: StudyResults) -> tuple[dict[str, Any], list[str], str]:
    from stiffgui.study.scores import study_scores, study_warnings

    try:
        by_variant = study_scores(results)
    except InputError as error:  # a table that has moved: everything else can still be shown
        return {}, [], str(error)
    plain = {
        variant: [{k: _plain(v) for k, v in asdict(score).items()} for score in scores]
        for variant, scores in by_variant.items()
    }
    return plain, study_warnings(by_variant), ""


def _print_scores(scores: dict[str, Any]) -> None:
    """R² on the test set: a row per output, a column per variant."""
    known = {variant: outputs for variant, outputs in scores.items() if outputs}
    first = next(iter(known.values()))
    rows = [
        [output["name"], *(_r2(outputs[k]["test_r2"]) for outputs in known.values())]
        for k, output in enumerate(first)
    ]
    _print_table(["test R² of", *known], rows)


def _r2(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _print_table(titles: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[k]) for row in [titles, *rows]) for k in range(len(titles))]
    for row in [titles, *rows]:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def summary(run: Run) -> dict[str, Any]:
    """Facts as plain JSON values: medians over trials, and per trial. Undefined is None.

    `errors` are RMSE and the like at the last epoch; `indices` are those of the network (`over`
    says how they follow from those of its layers), mean over samples, at the last measured epoch.
    `errors_of` is how far off those may be that are not exact. `outputs` are scores on the test
    set in own units, at the last kept epoch; where there are none, `outputs_problem` says why.
    """
    from stiffgui.runs.scores import warnings_of

    history = run.series()
    errors = history.last()
    if not history.known("validation_error"):
        errors.pop("validation_error", None)
    indices = {name: history.network(name)[-1] for name in history.indices}
    flagged = {name: float(values[-1].mean()) for name, values in history.flagged.items()}
    outputs, problem = _outputs(run)
    errors_of = {name: network_index(v[-1], "sum") for name, v in history.errors.items()}
    return {
        "file": str(run.path),
        "ending": run.ending,
        "state": run.state,
        "epoch": int(history.epochs[-1]) if len(history.epochs) else 0,
        "seconds": float(history.seconds[-1]) if len(history.epochs) else 0.0,
        "trials": run.trials,
        "errors": {name: _median(values) for name, values in errors.items()},
        "indices": {name: _median(values) for name, values in indices.items()},
        "over": {name: OVER[history.quantity(name).over] for name in indices},
        "indices_epoch": int(history.index_epochs[-1]) if len(history.index_epochs) else None,
        "flagged": flagged,
        "undefined": _undefined(run, indices),
        "errors_of": {name: _median(values) for name, values in errors_of.items()},
        "outputs": [{k: _plain(v) for k, v in asdict(score).items()} for score in outputs],
        "outputs_problem": problem,
        "outputs_warnings": warnings_of(outputs),
        "per_trial": {name: _listed(values) for name, values in (errors | indices).items()},
        "events": run.events,
        "settings": None if run.foreign else run.experiment.model_dump(mode="json"),
        "notes": run.watched_in_words if run.foreign else list(run.experiment.task.notes),
        "kept": _kept(run),
        "decisions": {} if run.foreign else run.decided.sentences(run.experiment),
        "provenance": run.provenance,
    }


def _undefined(run: Run, indices: dict[str, Any]) -> dict[str, str]:
    """Indices that are not known because of the layers' width, and the reason of each."""
    network = run.network
    reasons = {} if network is None else {name: network.unknown(name) for name in indices}
    return {name: reason for name, reason in reasons.items() if reason}


def _kept(run: Run) -> str:
    """How much of its table a run keeps; empty where it keeps none."""
    if run.samples is None:
        return ""
    kept, there, size = sum(run.samples.rows), sum(run.samples.sizes), run.samples.size / 1e6
    return f"the run keeps {kept} of {there} rows of its table ({size:.2g} MB)"


def _outputs(run: Run) -> tuple[list[OutputScore], str]:
    from stiffgui.runs.scores import output_scores

    try:
        return output_scores(run), ""
    except InputError as error:  # a table that has moved: everything else can still be shown
        return [], str(error)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _print_outputs(outputs: list[dict[str, Any]], baselines: dict[str, Any]) -> None:
    """A row per output; of the titles those that say something."""
    from stiffgui.runs.scores import TITLES

    shown = {
        name: title
        for name, title in TITLES.items()
        if any(output[name] is not None for output in outputs)
    }
    rows = []
    for k, output in enumerate(outputs):
        cells = [
            f"{_number(output[name], '.4g')} {output['unit']}".rstrip()
            if name.endswith("rmse")
            else _number(output[name], ".3f")
            for name in shown
        ]
        rows.append([output["name"], *cells, *(f"{r2[k]:.3f}" for r2 in baselines.values())])
    _print_table(["  output", *shown.values(), *baselines], [[f"  {a}", *b] for a, *b in rows])


def _number(value: float | None, form: str) -> str:
    return "undefined" if value is None else format(value, form)


def _median(values: Any) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _listed(values: Any) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]
