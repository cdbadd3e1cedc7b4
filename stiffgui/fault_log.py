"""The log of what nobody foresaw: one file, which turns over before it grows large."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from platformdirs import user_log_path

from stiffgui._version import __version__

LARGEST, OLDER = 1_000_000, 3  # bytes of a file, and how many older ones are kept


def log_folder() -> Path:
    """Where the log is."""
    return user_log_path("stiffgui", appauthor=False, ensure_exists=True)


def record(details: str) -> Path:
    """Write down a fault; the file it is in."""
    path = log_folder() / "faults.log"
    handler = RotatingFileHandler(path, "a", LARGEST, OLDER, "utf-8", True, "backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    text = f"stiffgui {__version__}\n{details}"
    handler.emit(logging.makeLogRecord({"msg": text, "levelname": "ERROR"}))
    handler.close()
    return path
