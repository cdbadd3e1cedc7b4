"""The commands of the command line, one file each."""

from __future__ import annotations

# Name -> module, and function in it. Nothing is imported before it is needed: `--version` and
# one command must not wait for all the others.
COMMANDS: dict[str, str] = {
    "train": "train",
    "study": "study",
    "show": "show",
    "presets": "list_presets",
    "predict": "predict",
    "export": "export",
    "spectrum": "spectrum",
    "repair": "repair",
    "lab": "lab",
    "bench": "bench",
}
