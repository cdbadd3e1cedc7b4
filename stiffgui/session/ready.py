"""Machine code made ahead, and work that waits for it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from stiffgui.experiment import Experiment
from stiffgui.session.service import handles
from stiffgui.training import Controls
from stiffgui.training.ready import Readiness


@dataclass(frozen=True)
class MakeReady:
    """Make the machine code that is missing; training that is asked for meanwhile comes first.

    The answers on the way are a Readiness; the last one is why nothing can be kept, or empty.
    """


@handles(MakeReady, "making machine code")
def make_ready(work: MakeReady, controls: Controls) -> Generator[Readiness, None, str]:
    """Ends early when the controls say stop."""
    from stiffgui.training.ready import NICE, NUMBERS, complaint, waiting

    yield from waiting(NUMBERS, lambda: controls.stopping, NICE)
    return complaint()


def until_ready(
    experiments: Iterable[Experiment], controls: Controls
) -> Generator[Readiness, None, bool]:
    """How far the machine code is that these trainings need; whether they may begin: not when the
    controls said stop. Raises InputError as `ready.needs`."""
    from stiffgui.training.ready import needs, waiting

    yield from waiting(needs(experiments), lambda: controls.stopping)
    return not controls.stopping
