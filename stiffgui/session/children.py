"""What the two children of Train do: one trains, the other calculates views."""

from __future__ import annotations

import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from stiffgui.child import send
from stiffgui.session.messages import (
    Change,
    Export,
    Failed,
    InspectTable,
    Look,
    ProposeTable,
    Ready,
    Start,
    Steer,
)


def training_main(connection: Connection) -> None:
    """Train what the window asks for, until the pipe closes."""
    from stiffgui.session.work import train_messages
    from stiffgui.training import Controls

    starts: list[Start] = []
    state = {"controls": Controls(), "closed": False}
    wake = threading.Condition()

    def listen() -> None:
        # A thread that sleeps in recv: training pays nothing until a message comes.
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                message = None
            with wake:
                controls: Any = state["controls"]
                if message is None:
                    state["closed"] = True
                    controls.stop()
                    wake.notify_all()
                    return
                if isinstance(message, Start):
                    starts.append(message)
                    state["controls"] = Controls()
                    wake.notify_all()
                elif isinstance(message, Steer):
                    getattr(controls, message.what)()
                elif isinstance(message, Change):
                    controls.change(message.settings)

    threading.Thread(target=listen, daemon=True).start()
    send(connection, Ready())
    while True:
        with wake:
            wake.wait_for(lambda: bool(starts) or bool(state["closed"]))
            if state["closed"]:
                return
            start, controls = starts.pop(0), state["controls"]
        for message in train_messages(start, controls):  # type: ignore[arg-type]
            if not send(connection, message):
                controls.stop()  # type: ignore[attr-defined]


def views_main(connection: Connection) -> None:
    """Answer requests until the pipe closes; of looks and of tables only the newest request."""
    from stiffgui.errors import InputError
    from stiffgui.session.tables import answer_about_table
    from stiffgui.session.views import export, look

    send(connection, Ready())
    tables = (InspectTable, ProposeTable)
    waiting: list[Any] = []
    while True:
        try:
            while not waiting or connection.poll():
                waiting.append(connection.recv())
        except (EOFError, OSError):
            return
        looks = [m for m in waiting if isinstance(m, Look)]
        asked = [m for m in waiting if isinstance(m, tables)]
        waiting = [m for m in waiting if isinstance(m, Export)] + asked[-1:] + looks[-1:]
        message = waiting.pop(0)
        try:
            if isinstance(message, tables):
                answer: Any = answer_about_table(message)
            else:
                answer = look(message) if isinstance(message, Look) else export(message)
        except InputError as error:
            answer = Failed(str(error), number=message.number)
        except Exception as error:  # the window must hear of it
            answer = Failed(f"this view failed: {error}.", traceback.format_exc(), message.number)
        if not send(connection, answer):
            return
