#!/bin/sh
# make-venv.sh FOLDER: a virtual environment of the newest suitable Python (or of $PYTHON).
set -eu
folder=$1

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

python=
for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if suits "$name"; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 to 3.14 is needed, and ${PYTHON:-python3} is not one." \
        "Install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    sh "$(dirname "$0")/system-libraries.sh" "python$version-venv" --install || true
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python cannot make virtual environments: install its venv module first." >&2
        exit 1
    fi
fi
"$python" -m venv "$folder"
