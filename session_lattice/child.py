"""How a process of this program starts another one: with which interpreter, from which package."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import session_lattice

# -P: a stray module in the working directory must not be imported.
PYTHON = (sys.executable, "-P", "-m")
"""What comes before a module's name to run it as this process was run."""

PACKAGE_ROOT = Path(session_lattice.__file__).parents[1]


def environment(added: Mapping[str, str], without: Sequence[str] = ()) -> dict[str, str]:
    """This process's variables and those `added`, but for those `without`."""
    own = {name: value for name, value in os.environ.items() if name not in without}
    return {**own, **_python_path(), **added}


def _python_path() -> dict[str, str]:
    """Where a child finds this package when it is not installed."""
    if PACKAGE_ROOT.name.endswith("-packages"):
        return {}
    before = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE_ROOT), before)))}
