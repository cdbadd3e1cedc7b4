#!/bin/sh
# system-libraries.sh window|xvfb|PACKAGE [--check|--install]
#
# What pip cannot bring: the system libraries that Qt's window needs, Xvfb for the tests, or
# one Debian package by name. `--install` installs what is missing when that needs no password;
# otherwise the exact apt line is said. Ends with 1 when something is still missing.
set -u
what=${1:?window, xvfb or a package}
mode=${2:---check}

[ "$(uname)" = Linux ] || exit 0

# The linker's own answer, for the modules that stiffgui imports and the plugin that opens its
# window; ldd follows them through Qt's own libraries. Qt's message does not name the library.
missing_libraries() {
    qt=$(echo .venv/lib/python3.*/site-packages/PySide6)
    [ -d "$qt" ] || return 0
    ldd "$qt"/QtCore.*so "$qt"/QtGui.*so "$qt"/QtWidgets.*so \
        "$qt"/Qt/plugins/platforms/libqxcb.so 2>/dev/null \
        | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u
    # Fonts are no library: without one Qt starts and draws empty boxes.
    find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts" \
        -name '*.[to]tf' 2>/dev/null | grep -q . || echo "a font"
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

# in_words: the names on standard input in one line.
in_words() {
    tr '\n' ' ' | sed 's/ $//'
}

# package_of MISSING: the Debian package that brings it.
package_of() {
    case $1 in
        "a font") echo fonts-dejavu-core ;;
        xvfb-run) echo xvfb ;;
        libglib-2.0.so.* | libgthread-2.0.so.*) in_this_release libglib2.0-0 ;;
        *.so.*) in_this_release "$(conventional_name "$1")" ;;
        *) echo "$1" ;;
    esac
}

# Debian Policy 8.1: libX11.so.6 is in libx11-6, libEGL.so.1 in libegl1.
conventional_name() {
    echo "$1" | sed 's/\([0-9]\)\.so\./\1-/; s/\.so\.//' | tr '[:upper:]_' '[:lower:]-'
}

# Newer releases renamed libraries whose times became 64 bits wide: libglib2.0-0t64.
in_this_release() {
    if apt-cache show "$1t64" 2>/dev/null | grep -q '^Package:'; then
        echo "$1t64"
    else
        echo "$1"
    fi
}

# apt_line: what installs all that is missing now.
apt_line() {
    echo apt-get install -y --no-install-recommends "$(packages)"
}

packages() {
    missing | while read -r name; do package_of "$name"; done | sort -u | in_words
}

# install_missing [SUDO...]: asks again after each round, as ldd cannot see what a library that
# is missing needs itself.
install_missing() {
    "$@" apt-get update -q >/dev/null 2>&1 || true
    for _ in 1 2 3; do
        echo "Missing on this system: $(missing | in_words). Installing: $(packages)"
        "$@" env DEBIAN_FRONTEND=noninteractive $(apt_line) || return 0
        [ -n "$(missing)" ] || exit 0
    done
}

lacking=$(missing | in_words)
[ -n "$lacking" ] || exit 0

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "Missing on this system: $lacking. Install them with its package manager." >&2
    exit 1
fi

if [ "$mode" = --install ]; then
    if [ "$(id -u)" = 0 ]; then
        install_missing
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        install_missing sudo -n
    fi
fi

echo "Missing on this system: $(missing | in_words). Install with" >&2
echo "    sudo apt-get update && sudo $(apt_line)" >&2
exit 1
