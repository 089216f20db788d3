#!/bin/sh
# Prints the Python that Lineup is built with: the one that was named, or else the first on the PATH that is new enough.
new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "$1" ]; then
    if new_enough "$1"; then
        echo "$1"
        exit 0
    fi
    found=$("$1" -c 'import sys; print("is Python %d.%d" % sys.version_info[:2])' 2>/dev/null || echo "does not run")
    echo "PYTHON=$1 $found, and Lineup needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.12" >&2
    exit 1
fi

for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
    if new_enough "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done
echo "No Python 3.11 or newer is on the PATH. Name one: make setup PYTHON=/path/to/python3.12" >&2
exit 1
