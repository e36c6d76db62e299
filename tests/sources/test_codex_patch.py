"""Which files patches, commands and end events name."""

import pytest

from session_lattice.events import Touch
from session_lattice.sources.codex_patch import (
    PATH_CHARS,
    TOUCHES,
    change_touches,
    command_touches,
    patch_touches,
    shell_patch,
)
from session_lattice.sources.codex_records import FileChange, ParsedCommand

CWD = "/srv/tide"
PATCH = """*** Begin Patch
*** Add File: moon.py
+*** Delete File: not_a_header.py
*** Update File: /srv/tide/map.py
@@
-old
+new
*** Update File: old/name.py
*** Move to: new/name.py
@@
*** Delete File: ../sun.py
*** End Patch"""


def pairs(touches: tuple[Touch, ...]) -> list[tuple[str, str]]:
    return [(touch.path, touch.action) for touch in touches]


def test_a_patch_names_its_files_by_their_headers() -> None:
    assert pairs(patch_touches(PATCH, CWD)) == [
        ("/srv/tide/moon.py", "create"),
        ("/srv/tide/map.py", "edit"),
        ("/srv/tide/old/name.py", "move"),
        ("/srv/tide/new/name.py", "move"),
        ("/srv/sun.py", "delete"),
    ]


def test_a_patch_in_windows_lines_names_its_files_without_the_line_ends() -> None:
    patch = "*** Begin Patch\r\n*** Update File: map.py\r\n*** End Patch\r\n"
    assert pairs(patch_touches(patch, "C:\\work")) == [("C:\\work\\map.py", "edit")]


def test_a_patch_of_very_many_files_is_cut() -> None:
    patch = "\n".join(f"*** Add File: {number}.py" for number in range(TOUCHES + 5))
    assert len(patch_touches(patch, CWD)) == TOUCHES


@pytest.mark.parametrize(
    ("command", "directory"),
    [
        (["apply_patch", PATCH], ""),
        (["applypatch", PATCH], ""),
        (["bash", "-lc", f"apply_patch <<'EOF'\n{PATCH}\nEOF"], ""),
        (["bash", "-lc", f"cd moon && apply_patch <<'EOF'\n{PATCH}\nEOF"], "moon"),
        (["bash", "-lc", f"cd 'half moon'; apply_patch <<'EOF'\n{PATCH}\nEOF"], "half moon"),
        (f"apply_patch <<EOF\n{PATCH}\nEOF\n", ""),
    ],
)
def test_a_patch_is_found_in_a_shells_command(command: object, directory: str) -> None:
    patch, entered = shell_patch(command)
    assert (len(patch_touches(patch, CWD)), entered) == (5, directory)


@pytest.mark.parametrize(
    "command",
    [None, [], 7, ["ls"], ["cat", PATCH], ["bash", "-lc", f"cat > x <<EOF\n{PATCH}\nEOF"], [7]],
)
def test_no_other_command_is_taken_for_a_patch(command: object) -> None:
    assert shell_patch(command) == ("", "")


def test_changes_are_what_a_patch_really_did() -> None:
    changes = {
        "/srv/tide/moon.py": FileChange("add"),
        "map.py": FileChange("update"),
        "old.py": FileChange("update", move_path="/srv/tide/new.py"),
        "sun.py": FileChange("delete"),
        "star.py": FileChange("moved by a later version"),
    }
    assert pairs(change_touches(changes, CWD)) == [
        ("/srv/tide/moon.py", "create"),
        ("/srv/tide/map.py", "edit"),
        ("/srv/tide/old.py", "move"),
        ("/srv/tide/new.py", "move"),
        ("/srv/tide/sun.py", "delete"),
    ]
    assert change_touches(None, CWD) == ()


def test_a_command_touches_what_it_reads_and_searches() -> None:
    commands = [
        ParsedCommand("read", "cat map.py", "map.py"),
        ParsedCommand("search", "rg moon lib/tides", "tides"),
        ParsedCommand("search", "rg moon", None),
        ParsedCommand("list_files", "ls lib", "lib"),
        ParsedCommand("read", "cat map.py", "map.py"),
    ]
    assert pairs(command_touches(commands, CWD)) == [
        ("/srv/tide/map.py", "read"),
        ("/srv/tide/lib/tides", "search"),
    ]


def test_garbage_is_not_taken_for_a_path() -> None:
    assert patch_touches(f"*** Add File: {'x' * (PATH_CHARS + 1)}", CWD) == ()
