"""Children: warm on Linux, told apart when they die, gone when the pipe closes."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing.connection import Connection

import psutil
import pytest

from stiffgui.child import WARM, Child, send

linux = pytest.mark.skipif(sys.platform != "linux", reason="children are spawned here")


def echo(connection: Connection) -> None:
    connection.send("torch" in sys.modules)
    while True:
        try:
            connection.send(connection.recv())
        except EOFError:
            return


def test_a_child_answers_and_ends_when_its_pipe_closes() -> None:
    child = Child(echo)
    child.connection.recv()
    assert send(child.connection, [1, 2]) and child.connection.recv() == [1, 2]
    seen = psutil.Process(child.process.pid)
    child.close(10.0)
    assert not seen.is_running()


def test_a_killed_child_is_known_by_its_exit_code() -> None:
    child = Child(echo)
    child.connection.recv()
    assert child.exit_code(0.0) is None
    child.process.kill()
    assert child.exit_code(10.0) == -9
    assert not send(child.connection, "anybody?")
    child.close(0.0)


@linux
def test_children_find_torch_imported() -> None:
    children = [Child(echo) for _ in range(2)]
    assert [child.connection.recv() for child in children] == [True, True]
    for child in children:
        child.close(10.0)


@linux
def test_what_the_server_imports_starts_no_thread_and_opens_no_device() -> None:
    code = (
        f"import importlib, threading\n[importlib.import_module(name) for name in {WARM}]\n"
        "import torch\nprint(threading.active_count(), torch.cuda.is_initialized())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["1", "False"]
