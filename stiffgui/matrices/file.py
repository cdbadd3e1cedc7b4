"""A run file of one epoch whose layers are given matrices, and where it lies.

It is whole when it can be shown; what takes longer is added to it afterwards.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import mkdtemp

from platformdirs import user_cache_path
from threadpoolctl import threadpool_limits

from stiffgui._version import __version__
from stiffgui.errors import InputError
from stiffgui.file_lock import FileLock, Held
from stiffgui.matrices import SHOWN, Progress
from stiffgui.matrices.measuring import STAGES, Factor, first_look, seconds_of, unseen, whole
from stiffgui.matrices.reading import Stack, read
from stiffgui.runs import open_run
from stiffgui.runs.foreign import ForeignNetwork, MeasuredLayer
from stiffgui.states import Ending
from stiffgui.stiffness.spectrum import of_a_matrix
from stiffgui.watching import Recorder
from stiffgui.watching.recorder import step_sizes

EPOCH = 0
OFTEN_SECONDS = 2.0  # from one look at many layers to the next
MOST_KEPT = 20  # files that are made of matrices, the newest


class MatrixFile(Recorder):
    """Writes the run file of a stack of matrices."""

    def __init__(
        self,
        out: Path,
        stack: Stack,
        step: float | Sequence[float],
        title: str,
        given: Sequence[str] = (),
    ) -> None:
        steps = step_sizes(step)
        if len(steps) not in (1, len(stack.layers)):
            raise InputError(
                f"step: {len(steps)} step sizes do not fit {len(stack.layers)} layers; give one, "
                f"or one of each."
            )
        super().__init__(
            out, step=steps, indices=of_a_matrix(True), names=stack.names, title=title, force=True
        )
        self._stack, self._given = stack, tuple(given)
        self._layers: list[MeasuredLayer] = []

    def measure(self) -> Iterator[Progress]:
        """Measure the matrices: first what can be shown soon, of every layer, then the rest."""
        import scipy.linalg
        import scipy.sparse.linalg  # noqa: F401 - only what is loaded can be limited

        matrices, count = self._stack.layers, len(self._stack.layers)
        steps = self.steps * count if len(self.steps) == 1 else self.steps
        with threadpool_limits(1):  # two that wait for a core take far longer than one
            self._layers = [unseen(*each) for each in zip(matrices, steps, strict=True)]
            written = time.monotonic()
            for place in range(count):
                yield Progress(self._said("first look", place), 0.0, self.path)
                self._put(place, *first_look(matrices[place], steps[place]))
                if place == count - 1 or time.monotonic() - written > OFTEN_SECONDS:
                    self._write()
                    yield Progress("", 0.0, self.path, news=True)
                    written = time.monotonic()
            for place, layer in enumerate(self._layers):
                if layer.leading is None or layer.leading.whole:
                    continue
                yield from self._complete(place, steps[place])
            self._writer.note(complete=True)

    def _complete(self, place: int, step: float) -> Iterator[Progress]:
        """All there is of a layer."""
        matrices, pace, begun = self._stack.layers[place], 1.0, 0.0
        stage = next(iter(STAGES))
        for done in whole(matrices, step):
            now = time.monotonic()
            if begun:  # this machine is faster or slower than the one that was measured
                pace = (now - begun) / seconds_of(matrices.shape[-1], stage)
            if isinstance(done, str):
                stage, begun = done, now
                left = pace * self._seconds_left(place, stage)
                yield Progress(self._said(stage, place), left, self.path)
            else:
                self._put(place, *done)
                self._write()
                yield Progress("", 0.0, self.path, news=True)

    def _seconds_left(self, place: int, stage: str) -> float:
        stages = list(STAGES)
        shapes = [each.shape for each in self._stack.layers]
        rest = sum(seconds_of(shapes[place][-1], s) for s in stages[stages.index(stage) :])
        for layer, (samples, _, width) in list(zip(self._layers, shapes, strict=True))[place + 1 :]:
            if layer.leading is not None and not layer.leading.whole:
                rest += samples * sum(seconds_of(width, s) for s in stages)
        return rest

    def _said(self, what: str, place: int) -> str:
        count = len(self._stack.layers)
        return what if count == 1 else f"layer {place + 1} of {count}, {what}"

    def _put(self, place: int, layer: MeasuredLayer, factor: Factor) -> None:
        self._layers[place] = layer
        if factor:
            self._writer.factor(place + 1, factor)

    def _facts(self, layers: Sequence[MeasuredLayer]) -> ForeignNetwork:
        facts = super()._facts(layers)
        return facts.model_copy(update={"matrices": True, "given": self._given})

    def _write(self) -> None:
        self._network = None  # it is described anew
        self._append(EPOCH, 0.0, {}, self._layers)
        self._writer.end("finished")
        self._commit()

    def close(self, ending: Ending = "finished") -> None:
        """End the file, which is finished since its first look."""
        if self._open:
            self._open = False
            self._writer.close("finished")


def measured(
    path: Path, patterns: Sequence[str] = (), step: float | Sequence[float] = 1.0
) -> Iterator[Progress]:
    """Read a file of matrices and put them into a run file in this person's cache, which is said
    as soon as it can be shown; one that is there and complete is taken as it is.

    Raises InputError as `read`.
    """
    out = _place(path, patterns, step)
    if _is_complete(out):
        out.parent.touch()
        yield Progress("", 0.0, out, news=True)
        return
    yield Progress("reading", 0.0, out)
    stack = read(path, patterns)
    out.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(out.parent.parent)
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(out.parent / "lock"))
        except Held:  # another window is at it
            out = Path(mkdtemp(dir=out.parent.parent)) / out.name
        with MatrixFile(out, stack, step, path.name, _given(path, patterns, step)) as file:
            yield from file.measure()


def _given(path: Path, patterns: Sequence[str], step: object) -> tuple[str, ...]:
    """The words of a command that take the same matrices; none of a file that will not stay."""
    if path.parent.name.startswith(SHOWN):
        return ()
    layers = [word for pattern in patterns for word in ("--layers", pattern)]
    return (str(path.resolve()), *layers, *(() if step == 1.0 else ("--step", str(step))))


def _place(path: Path, patterns: Sequence[str], step: object) -> Path:
    """Of what is made of a file as it is now."""
    key: tuple[object, ...] = (path,)
    with suppress(OSError):  # reading it says why
        facts = path.stat()
        key = (path.resolve(), facts.st_mtime_ns, facts.st_size, *patterns, step, __version__)
    name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    return user_cache_path("stiffgui", appauthor=False) / "matrices" / name / f"{path.stem}.stiff"


def _is_complete(path: Path) -> bool:
    if not path.is_file():
        return False
    with suppress(InputError), open_run(path) as run:
        return run.is_matrices and bool(run.provenance.get("complete"))
    return False


def _forget_old(folder: Path) -> None:
    """Keep the newest only."""
    with suppress(OSError):
        made = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in made[MOST_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
