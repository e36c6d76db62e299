"""Make a virtual environment that holds exactly the pins of a requirements file.

Usage: python .environment.py DIRECTORY REQUIREMENTS

A copy of the requirements inside the environment marks it as whole, and is written last: what
an interrupted run leaves is made anew. A lock that the kernel drops with its holder keeps two
runs from building at once; it is passed to pip, so that an orphaned pip still counts.
"""

import fcntl
import subprocess
import sys
import time
import venv
from pathlib import Path

MARK = ".requirements.txt"
PIP_RETRIES = 5


def main(directory: Path, requirements: Path) -> int:
    with Path(f"{directory}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run to make {directory.name}\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = requirements.read_bytes()
        mark = directory / MARK
        if mark.is_file() and mark.read_bytes() == wanted and (directory / "bin/python").exists():
            return 0
        mark.unlink(missing_ok=True)
        return build(directory, requirements, wanted, lock.fileno())


def build(directory: Path, requirements: Path, wanted: bytes, lock: int) -> int:
    began = time.monotonic()
    count = wanted.count(b"==")
    say(f"making {directory.name} with {count} pinned packages, for about half a minute ... ")
    venv.create(directory, clear=True, symlinks=True, with_pip=True)
    pip = subprocess.run(
        [
            *(directory / "bin/python", "-I", "-m", "pip", "install", "--quiet", "--no-input"),
            *("--disable-pip-version-check", "--retries", str(PIP_RETRIES)),
            *("--only-binary", ":all:", "--require-hashes", "--requirement", requirements),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        pass_fds=[lock],
        check=False,
    )
    if pip.returncode:
        print(f"failed\n{pip.stdout.decode(errors='replace').rstrip()}", file=sys.stderr)
        print("Try: look at the network, then run it again", file=sys.stderr)
        return 1
    fresh = directory / f"{MARK}.new"
    fresh.write_bytes(wanted)
    fresh.replace(directory / MARK)
    print(f"done in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


def say(text: str) -> None:
    print(f"session-lattice: {text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except KeyboardInterrupt:
        print("interrupted; the next run begins anew", file=sys.stderr)
        sys.exit(130)
