"""Training and view calculations in child processes, steered over a pipe. No Qt, and no torch
in the process that owns the children."""
