#!/bin/sh
# system-libraries.sh window|xvfb|PACKAGE [--check|--install]
#
# What pip cannot bring: the system libraries that Qt's window needs, Xvfb for the tests, or
# one Debian package by name. `--install` installs what is missing when that needs no password;
# otherwise the exact apt line is said. Ends with 1 when something is still missing.
set -u
what=${1:?window, xvfb or a package}
mode=${2:---check}

QT_PACKAGES="libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1
libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-shape0
libxcb-xinerama0 fonts-dejavu-core"

[ "$(uname)" = Linux ] || exit 0

# The linker's own answer: Qt's message does not name the library.
missing_libraries() {
    plugin=$(echo .venv/lib/python3.*/site-packages/PySide6/Qt/plugins/platforms/libqxcb.so)
    [ -e "$plugin" ] || return 0
    ldd "$plugin" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u
    if ! find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" \
        "$HOME/.local/share/fonts" -name '*.[to]tf' 2>/dev/null | grep -q .; then
        echo "a font"
    fi
}

missing() {
    case $what in
        window) missing_libraries ;;
        xvfb)
            missing_libraries
            command -v xvfb-run >/dev/null || echo xvfb-run
            command -v xauth >/dev/null || echo xauth
            ;;
        *) is_installed "$what" || echo "$what" ;;
    esac
}

is_installed() {
    dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q 'ok installed'
}

wanted() {
    case $what in
        window) echo $QT_PACKAGES ;;
        xvfb) echo $QT_PACKAGES xvfb xauth ;;
        *) echo "$what" ;;
    esac
}

lacking=$(missing | tr '\n' ' ' | sed 's/ $//')
[ -n "$lacking" ] || exit 0

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "Missing on this system: $lacking. Install them with its package manager." >&2
    exit 1
fi

packages=
for package in $(wanted); do
    is_installed "$package" || packages="$packages $package"
done
line="apt-get install -y --no-install-recommends$packages"

if [ "$mode" = --install ]; then
    sudo=none
    if [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    fi
    if [ "$sudo" != none ]; then
        echo "Missing on this system: $lacking. Installing:$packages"
        DEBIAN_FRONTEND=noninteractive
        export DEBIAN_FRONTEND
        $sudo apt-get update -q >/dev/null 2>&1 || true
        $sudo $line || true
        [ -n "$(missing)" ] || exit 0
    fi
fi

echo "Missing on this system: $(missing | tr '\n' ' ' | sed 's/ $//'). Install with" >&2
echo "    sudo apt-get update && sudo $line" >&2
exit 1
