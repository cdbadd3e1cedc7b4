"""The desktop application. Importing this package starts nothing."""

import os

# Looking for plugins of pydantic, of which there are none, reads the files of every package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
