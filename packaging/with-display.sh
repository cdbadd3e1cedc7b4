#!/bin/sh
# Runs a command on a display: the present one, a virtual one (Xvfb), or else none (Qt offscreen).
if [ -n "$DISPLAY$WAYLAND_DISPLAY" ] || [ "$(uname)" = Darwin ]; then
    exec "$@"
elif command -v xvfb-run >/dev/null && command -v xauth >/dev/null; then
    unset QT_QPA_PLATFORM
    exec xvfb-run -a -s "-screen 0 1920x1200x24" "$@"
fi
QT_QPA_PLATFORM=offscreen exec "$@"
