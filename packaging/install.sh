#!/bin/sh
# Installs stiffgui and what it needs into .venv, editable. The tested torch release is tried
# first: an open range may pull several GB of CUDA packages.
set -e
pip=".venv/bin/python -m pip install --quiet --disable-pip-version-check"
if ! .venv/bin/python -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("torch"))'; then
    $pip "torch==2.13.0" || echo "torch 2.13.0 is not to be had here; taking the newest in range"
fi
$pip -e "$1"
