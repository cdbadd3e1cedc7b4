"""One training as a stream of messages: what the child sends, and in-process mode yields."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator

from stiffgui.errors import InputError
from stiffgui.experiment import Experiment
from stiffgui.runs.recording import Recording
from stiffgui.runs.warm_start import WarmStart
from stiffgui.session.messages import Bundle, Ended, Failed, Start
from stiffgui.training import Controls, Event, Record

BUNDLE_SECONDS = 0.05
NETWORK_SECONDS = 0.4


def train_messages(start: Start, controls: Controls) -> Iterator[Bundle | Ended | Failed]:
    """Run one training; the last message is Ended or Failed."""
    try:
        experiment = Experiment.from_toml(start.experiment)
        recording = Recording(
            experiment,
            start.path,
            controls,
            replace=start.replace,
            resume=start.resume,
            warm_start=WarmStart(*start.warm_start) if start.warm_start is not None else None,
        )
        yield from _bundles(recording)
        yield Ended(recording.ending)
    except InputError as error:
        yield Failed(str(error))
    except Exception as error:  # whatever it is, the window must hear of it
        yield Failed(f"training failed: {error}.", traceback.format_exc())


def _bundles(recording: Recording) -> Iterator[Bundle]:
    items: list[Record | Event] = []
    sent = networks_sent = 0.0
    for item in recording:
        items.append(item)
        now = time.monotonic()
        waiting = isinstance(item, Event) and item.kind in ("paused", "change", "refused")
        if now - sent > BUNDLE_SECONDS or waiting:
            newest = now - networks_sent > NETWORK_SECONDS or waiting
            parameters = recording.trainer.parameters() if newest else None
            yield Bundle(items, recording.trainer.epoch, parameters)
            items, sent = [], now
            networks_sent = now if newest else networks_sent
    yield Bundle(items, recording.trainer.epoch, recording.trainer.parameters())
