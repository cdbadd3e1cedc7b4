"""The signals that ask a program to end."""

from __future__ import annotations

import signal


def endings() -> list[int]:
    """Ctrl+C, SIGTERM and, where there is one, the end of the terminal: unless whoever started
    the program asked for that to be ignored (nohup)."""
    numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    return numbers
