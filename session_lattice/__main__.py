"""`session-lattice` and `python -m session_lattice`."""

import sys

from session_lattice.errors import LatticeError

INTERRUPTED = 130


def main() -> int:
    """Run one command; its exit code. The one place where errors meant for a person end."""
    try:
        from session_lattice.cli.app import run

        return run(sys.argv[1:])
    except LatticeError as error:
        print(f"session-lattice: {error.what}", file=sys.stderr)
        if error.hint:
            print(f"Try: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
