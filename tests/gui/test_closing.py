"""The end of a child: what counts comes to its end, nobody waits for anything else."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

import psutil
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stiffgui.gui.child_thread import ChildThread
from stiffgui.session.service import handles
from stiffgui.training import Controls

FOREVER = 10_000


@dataclass(frozen=True)
class Doze:
    """Says that it has begun, and sleeps until it is stopped or, if it is deaf, for ever."""

    deaf: bool


@handles(Doze, "dozing")
def doze(work: Doze, controls: Controls) -> Generator[str, None, str]:
    yield "begun"
    for _ in range(FOREVER):
        if controls.stopping and not work.deaf:
            break
        time.sleep(0.1)
    return "saved"


@pytest.mark.parametrize("counts", [True, False])
def test_closing_waits_for_what_counts_alone(
    counts: bool, qapp: QApplication, qtbot: QtBot
) -> None:
    thread = ChildThread("The process", saves=True)
    ended = []
    thread.ended.connect(ended.append)
    thread.start()
    number = thread.ask(Doze(deaf=not counts), newest=not counts)
    begun = []
    qtbot.waitUntil(lambda: bool(begun.extend(thread.inbox()) or begun), timeout=60_000)
    child = psutil.Process(thread.process_id)
    thread.close()
    assert not child.is_running()
    QApplication.processEvents()
    assert [(answer.number, answer.value) for answer in ended] == [(number, "saved")] * counts
