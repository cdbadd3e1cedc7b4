"""What the window's children do, asked for over a pipe: one file for each kind of work. No Qt, and
no torch in the process that asks."""
