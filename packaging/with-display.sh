#!/bin/sh
# Runs a command with a display: the one there is, a virtual one, or Qt's offscreen platform.
export OMP_NUM_THREADS=1
if [ -n "$DISPLAY$WAYLAND_DISPLAY$QT_QPA_PLATFORM" ]; then
    exec "$@"
elif command -v xvfb-run >/dev/null && command -v xauth >/dev/null; then
    exec xvfb-run -a -s "-screen 0 1920x1200x24" "$@"
fi
QT_QPA_PLATFORM=offscreen exec "$@"
