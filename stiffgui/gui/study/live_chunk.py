"""A batch of a study in training: medians over its trials, as its records come in."""

from __future__ import annotations

from typing import Any

import numpy as np

from stiffgui.stiffness.indices import network_index
from stiffgui.study.declaration import STIFFNESS
from stiffgui.training.records import Record


class LiveChunk:
    """Medians over the trials of a batch in training, as its records come in."""

    def __init__(self, variant: int) -> None:
        self.variant = variant
        self.values: dict[str, tuple[list[int], list[float]]] = {}

    def add(self, record: Record) -> None:
        for panel in ("train_error", "test_error", "l2_norm"):
            self._put(panel, record.epoch, getattr(record, panel))
        if STIFFNESS in record.indices:
            self._put("stiffness", record.epoch, network_index(record.indices[STIFFNESS]))

    def _put(self, panel: str, epoch: int, values: Any) -> None:
        known = values[np.isfinite(values)]
        epochs, medians = self.values.setdefault(panel, ([], []))
        epochs.append(epoch)
        medians.append(float(np.median(known)) if known.size else float("nan"))

    def curves(self) -> dict[str, tuple[Any, Any]]:
        """Panel -> epochs [E], medians [E]."""
        return {
            panel: (np.array(epochs, np.int64), np.array(medians, np.float64))
            for panel, (epochs, medians) in self.values.items()
        }
