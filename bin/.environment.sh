# Sourced by the scripts beside it, which set `root`; sets `python` to an environment's own.

# environment DIRECTORY REQUIREMENTS: make $root/DIRECTORY unless it holds exactly those pins.
# The hot path starts one process, cmp.
environment() {
    python=$root/$1/bin/python
    [ -x "$python" ] && cmp -s "$root/$2" "$root/$1/.requirements.txt" && return
    base=$(base_python) || exit 1
    "$base" -I "$root/bin/.environment.py" "$root/$1" "$root/$2"
}

# The real path of a Python that the pins have wheels for. Links are resolved so that an
# environment made from it breaks visibly, and is made anew, when that Python goes away.
base_python() {
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
        "$candidate" -I -c '
import ensurepip, os, sys, venv
print(os.path.realpath(sys.executable))
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && return
    done
    echo "session-lattice: needs Python 3.11, 3.12, 3.13 or 3.14 with its venv module" >&2
    echo "Try: install one, with python3-venv where that is a package of its own" >&2
    return 1
}
