"""A callback by which a training of Lightning is watched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from stiffgui.errors import InputError, need_library
from stiffgui.states import Ending

need_library("lightning", "this callback", "lightning")

from lightning.pytorch.callbacks import Callback  # noqa: E402 (once it is known to be there)

from stiffgui.watching.paced import PacedRecorder  # noqa: E402
from stiffgui.watching.watch import watch  # noqa: E402


class Watch(Callback):  # type: ignore[misc]
    """`Trainer(callbacks=[Watch(probe, "mine.stiff")])`: at the end of each epoch what was logged
    is recorded, and what `watch` measures of the module, or of its part called `model`.

    `options` are those of `watch`. A name such as `val/loss` becomes `val_loss`. Of several
    processes the first writes.
    """

    def __init__(self, probe: Any, out: str | Path, *, model: str = "", **options: Any) -> None:
        self._given, self._model, self._options = (probe, out), model, options
        self.recorder: PacedRecorder | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Opens the file. Raises InputError as `watch`."""
        try:
            model = pl_module.get_submodule(self._model)
        except AttributeError:
            raise InputError(f"model: the module has no part called {self._model!r}.") from None
        if trainer.is_global_zero:
            self.recorder = watch(model, *self._given, **self._options)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Records what was logged, validation included."""
        if self.recorder is not None:
            logged = {re.sub(r"\W", "_", name): v for name, v in trainer.callback_metrics.items()}
            logged.pop("epoch", None)
            self.recorder.record(trainer.current_epoch, **logged)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Ends the file."""
        self._close("stopped" if trainer.interrupted else "finished")

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Ends the file of a training that fails: what was recorded is there."""
        self._close("stopped")

    def _close(self, ending: Ending) -> None:
        if self.recorder is not None:
            self.recorder.close(ending)
            self.recorder = None
