"""`stiffgui study`: many trials of several variants into one file, with progress."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stiffgui._presets import presets
from stiffgui.commands import completions
from stiffgui.commands.experiment_arguments import changes_of, free_name, read_experiment
from stiffgui.commands.options import AsJson, Force
from stiffgui.commands.terminal import (
    Row,
    TerminalProgress,
    duration,
    stop_on_interrupt,
    tell,
    until_ready,
    write,
)
from stiffgui.errors import InputError
from stiffgui.experiment import read_values
from stiffgui.states import Ending
from stiffgui.study.declaration import OWN, Study, is_experiment
from stiffgui.study.library import studies
from stiffgui.tasks.table import ENDINGS

if TYPE_CHECKING:
    from stiffgui.study.progress_estimate import VariantEstimate


def study(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY|PRESET|FILE.toml|TABLE",
            autocompletion=completions.among(lambda: [*studies, *presets]),
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(help="Trials of every variant.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a setting of all variants, or of the study.",
            autocompletion=completions.SETTINGS,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The study file to write; one with this study goes on.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes on this machine.")] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler's address, or local.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Continue this study file.")] = None,
    force: Force = False,
    as_json: AsJson = False,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print the study as a TOML file and train nothing.")
    ] = False,
) -> int:
    """Train variants x trials: climate, climate-nested, climate-talk, alpine02, a study's TOML
    file; or RES, RES L2 and RES stiff of a preset, an experiment's TOML file or a table.

    A file that is there grows: more trials (`--out S.stiff --trials 25` alone), variants added in
    the study's TOML file, more epochs (`--set training.epochs=...`). Nothing is trained twice.
    """
    declared = _declared(source, trials, settings or [], out, resume)
    if toml:
        if declared is None:
            raise InputError("--toml prints a study that is named: leave out --resume.")
        write(declared.to_toml())
        return 0
    if declared is not None and declared.data == "shared" and declared.per_draw > 1:
        tell(f"per_draw is {declared.per_draw}, which does nothing: set data to redrawn for draws")
    path = resume or out or free_name(Path(str(source)).stem)
    path, ending = _train(declared, path, workers, dask, force, resume is not None)
    from stiffgui.commands.show import show_study

    show_study(path, as_json)
    if ending == "stopped":
        tell(f"nothing is lost; go on with: stiffgui study --resume {path}")
        return 3
    return 0


def read_study(source: str, settings: list[str]) -> Study:
    """The study that a name, a TOML file or a table stands for, with `--set` applied.

    One experiment becomes the study of its RES, RES L2 and RES stiff, and that is said.
    """
    if not _is_one_experiment(source):
        named = source.endswith(".toml") or "/" in source
        declared = Study.read(source) if named else studies[source]
        try:
            return declared.with_settings(changes_of(settings))
        except InputError as error:
            raise _of_a_variant(declared, source, error) from None
    own = [text for text in settings if text.partition("=")[0].strip() in OWN]
    others = [text for text in settings if text not in own]
    experiment = read_experiment(source, others, None)
    tell(f"{source} is one experiment: a study of its RES, RES L2 and RES stiff is made of it")
    declared = Study.of_experiment(experiment, f"RES, RES L2 and RES stiff of {Path(source).stem}")
    return declared.with_settings(changes_of(own))


def _of_a_variant(study: Study, source: str, error: InputError) -> InputError:
    """What to say of a setting that exists in some variants only: --set changes all of them."""
    which = [
        variant.name
        for k, variant in enumerate(study.all_variants)
        if any(spec.key == error.key for spec in study.experiment_of(k).specs())
    ]
    if not which or len(which) == len(study.all_variants):
        return error
    return InputError(
        f"{error.key} exists in {', '.join(which)} only, and --set changes every variant: write "
        f"the study with `stiffgui study {source} --toml > mine.toml`, set it there under "
        f"[[variants]], and run `stiffgui study mine.toml`.",
        error.key,
    )


def _is_one_experiment(source: str) -> bool:
    if source == "table" or Path(source).suffix.lower() in ENDINGS:
        return True
    if source.endswith(".toml"):
        with contextlib.suppress(InputError):  # reading it as a study says why
            return is_experiment(read_values(Path(source)))
        return False
    return source not in studies and source in presets


def _declared(
    source: str | None,
    trials: int | None,
    settings: list[str],
    out: Path | None,
    resume: Path | None,
) -> Study | None:
    if source is None and resume is None and out is not None and out.exists():
        return _grown(out, trials, settings)
    if resume is not None:
        if source is not None or out is not None or trials is not None or settings:
            raise InputError(
                "--resume continues a study as it is: leave out its name, --out, --trials and "
                "--set."
            )
        return None
    if source is None:
        raise InputError("name a study, a preset or a FILE.toml; `stiffgui presets` lists them.")
    declared = read_study(source, settings)
    return declared if trials is None else declared.with_settings({"trials": trials})


def _grown(path: Path, trials: int | None, settings: list[str]) -> Study:
    """The study of a file with more trials, or with settings changed."""
    from stiffgui.study.results import open_study

    with open_study(path) as results:
        held = results.study
    more = {} if trials is None else {"trials": trials}
    return held.with_settings(changes_of(settings) | more)


def _train(
    declared: Study | None,
    path: Path,
    workers: int | None,
    dask: str | None,
    force: bool,
    resume: bool,
) -> tuple[Path, Ending]:
    """Train what is left of the study; its file, and how it ended."""
    from stiffgui.study.events import Lost, Trained
    from stiffgui.study.executors import choose_executor
    from stiffgui.study.plan import usual_workers
    from stiffgui.study.progress_estimate import ProgressEstimate, sentences
    from stiffgui.study.recording import StudyRecording
    from stiffgui.study.results import open_study
    from stiffgui.training import Controls

    controls = Controls()
    usual = usual_workers(declared)
    with choose_executor(workers, dask, usual) as executor, stop_on_interrupt(controls):
        recording = StudyRecording(
            declared, path, controls, executor=executor, replace=force, resume=resume, tell=tell
        )
        with open_study(path) as results:
            states = [(c.chunk, c.state, c.epoch) for c in results.chunks]
        done = len(states) - len(recording.chunks)
        if recording.continued:
            begun = sum(state == "stopped" for _, state, _ in states)
            part = f", {begun} in part" if begun else ""
            tell(f"{path}: {done} of {len(states)} batches are done{part}")
        if recording.chunks and dask is None:
            until_ready(recording.study.experiments(), controls)
        if recording.chunks:
            tell(f"{path}: training {executor.describe()}")
            said = sentences(recording.study, states, workers, here=dask is None)
            for what, sentence in said.items():
                tell(f"{what}: {sentence}")
        pace = ProgressEstimate(recording.study, states, executor.slots)
        with TerminalProgress() as progress:
            for event in recording:
                pace.hear(event)
                if isinstance(event, Lost):
                    progress.tell(event.text)
                elif isinstance(event, Trained):
                    progress.tell(
                        f"batch {event.number + 1}: {event.ending} at epoch {event.epoch}, "
                        f"{event.seconds:.1f} s of training by {event.worker}"
                    )
                progress.show(map(_row, [*pace.variants(), pace.whole()]))
    return recording.path, recording.ending


def _row(variant: VariantEstimate) -> Row:
    facts: str = variant.state
    if variant.state == "running":
        left = "" if variant.left is None else f"  {duration(variant.left)} left"
        facts = f"{variant.rate:.3g} epochs/s{left}"
    return Row(variant.name, variant.done, variant.total, facts, variant.state == "running")
