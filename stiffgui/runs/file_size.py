"""How large a run's file will be, said before the training begins."""

from __future__ import annotations

from stiffgui.experiment import Experiment
from stiffgui.regularizers import NoPenalty
from stiffgui.stiffness import WATCHABLE
from stiffgui.training.cadence import log_spaced
from stiffgui.training.decisions import Decisions
from stiffgui.training.quantities import per_trial

AT_LEAST = 50_000  # bytes of a file with nothing but its settings
HEADER = 70  # bytes of an array's name, type and shape
ROW, REAL = 32, 8  # bytes of a row of the history, and of each number in it that is not 0
OF_A_PENALTY = ("penalty", "penalty_share")
ADAM = 3  # arrays as large as the parameters in a checkpoint: these and Adam's two means; it is
# there twice, as each is written before the last one goes


def file_size(experiment: Experiment, decided: Decisions) -> int:
    """Bytes of the file at the end of a training of so many epochs, its samples left out.

    Events and networks of the newest checkpoint come on top: little.
    """
    settled = decided.settled(experiment)
    shape, task, last = settled.architecture, settled.task, settled.training.epochs
    trials, cadence = settled.training.trials, decided.cadence
    bytes_each = 8 if settled.training.precision == "float64" else 4
    arrays = len(shape.shapes(task.inputs, task.outputs))
    networks = bytes_each * trials * shape.parameters(task.inputs, task.outputs)
    kept = len(cadence.kept(log_spaced(last, settled.watch.snapshots), last))
    recorded = cadence.evaluations(last, settled.watch.snapshots)
    measured = cadence.measurements(last) if settled.watch.indices else 0
    columns = len(per_trial()) - (not task.validated)
    if isinstance(settled.regularizer, NoPenalty):
        columns -= len(OF_A_PENALTY)
    # The values, and of some how many were flagged.
    numbers = sum(1 + WATCHABLE[name].can_be_flagged for name in settled.watch.indices)
    return (
        AT_LEAST
        + kept * (networks + HEADER * arrays)
        + 2 * ADAM * (networks + HEADER)
        + measured * numbers * (8 * trials * shape.depth + HEADER)
        + recorded * trials * (ROW + REAL * columns)
    )


def told(size: float) -> str:
    """For a person: `about 1.2 MB`."""
    unit, of = ("GB", 1e9) if size >= 1e9 else ("MB", 1e6)
    return f"about {float(f'{size / of:.2g}'):g} {unit}"
