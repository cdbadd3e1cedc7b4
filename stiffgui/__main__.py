"""`python -m stiffgui`: the same as the `stiffgui` command."""

import sys

from stiffgui.cli import main

if __name__ == "__main__":
    sys.exit(main())
