"""Where a frozen bundle starts."""

import multiprocessing
import sys

if __name__ == "__main__":
    # First of all: a spawned child of a bundle starts here too, and must not open a window.
    multiprocessing.freeze_support()
    from stiffgui.cli import main

    sys.exit(main())
