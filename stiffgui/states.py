"""The words for what becomes of a training, as files and messages say them."""

from __future__ import annotations

from typing import Literal

# Of a run: `running` while its file is written, and for good when its process was killed.
Ending = Literal["running", "stopped", "finished", "diverged"]

# Of a chunk of a study; `waiting` for a worker.
State = Literal["waiting", "running", "stopped", "finished", "diverged"]

# A plateau's drop; a live setting that was changed, or refused; a trial whose loss became NaN or
# infinite; pauses; a run that starts from a network of another; one that ends before its last epoch
# as validation errors improve no more; a neural ODE that its solver could not solve; a file that
# cannot be written for a while, or that went and is written anew.
EventKind = Literal[
    "learning-rate",
    "change",
    "refused",
    "diverged",
    "paused",
    "resumed",
    "branched",
    "early",
    "gave-up",
    "held",
    "moved",
]

# How the steps of a training are taken.
PathKind = Literal["compiled", "operations", "autograd"]
