from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.events import CheckoutObserved
from session_lattice.sources.checkouts import CACHE_LIMIT, Checkouts, folder_of, locate
from session_lattice.sources.claude_code import ClaudeCode
from tests.sources.rollouts import begun, told
from tests.sources.samples import Conversation, of, pull, put


def test_a_cwd_below_a_repository_belongs_to_it(tmp_path: Path) -> None:
    (tmp_path / "tide" / ".git").mkdir(parents=True)
    found = locate(str(tmp_path / "tide" / "src" / "gone"))
    assert (found.repo, found.worktree) == (str(tmp_path / "tide"),) * 2
    assert found.evidence == "git"


def test_a_worktree_belongs_to_its_main_repository(tmp_path: Path) -> None:
    (tmp_path / "moon").mkdir()
    (tmp_path / "moon" / ".git").write_text(f"gitdir: {tmp_path}/tide/.git/worktrees/moon\n")
    found = locate(str(tmp_path / "moon" / "src"))
    assert (found.repo, found.worktree) == (str(tmp_path / "tide"), str(tmp_path / "moon"))
    assert found.evidence == "git"


@pytest.mark.parametrize("common", [".bare", "tide.git"])
def test_a_worktree_of_a_bare_repository_belongs_to_it(tmp_path: Path, common: str) -> None:
    (tmp_path / "moon").mkdir()
    (tmp_path / "moon" / ".git").write_text(f"gitdir: ../{common}/worktrees/moon")
    expected = tmp_path if common == ".bare" else tmp_path / common
    assert locate(str(tmp_path / "moon")).repo == str(expected)


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tide" / "sub").mkdir(parents=True)
    (tmp_path / "tide" / "sub" / ".git").write_text("gitdir: ../.git/modules/sub\n")
    assert locate(str(tmp_path / "tide" / "sub")).repo == str(tmp_path / "tide" / "sub")


@pytest.mark.parametrize("folder", [".claude/worktrees", ".worktrees"])
def test_a_worktree_that_is_gone_is_known_by_its_layout(tmp_path: Path, folder: str) -> None:
    (tmp_path / "tide" / ".git").mkdir(parents=True)
    worktree = tmp_path / "tide" / folder / "moon"
    found = locate(str(worktree / "src"))
    assert (found.repo, found.worktree) == (str(tmp_path / "tide"), str(worktree))
    assert found.evidence == "layout"


def test_a_directory_of_which_nothing_is_known_stands_for_itself() -> None:
    found = locate("/nowhere/tide")
    assert (found.repo, found.worktree, found.evidence) == ("/nowhere/tide",) * 2 + ("cwd",)


def test_a_windows_path_is_understood_by_its_layout_alone() -> None:
    found = locate("C:\\work\\tide\\.claude\\worktrees\\moon\\src")
    assert (found.repo, found.evidence) == ("C:\\work\\tide", "layout")
    assert locate("C:\\work\\tide").evidence == "cwd"


@pytest.mark.parametrize("content", ["", "gitdir:", "gitdir: \n", "nonsense", "\x00\xff"])
def test_a_broken_git_file_makes_no_error(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    assert isinstance(locate(str(tmp_path)), CheckoutObserved)


@given(st.text())
def test_any_text_can_be_a_cwd(cwd: str) -> None:
    assert locate(cwd).cwd == cwd


def test_each_directory_is_told_once_with_a_key_that_holds_its_content() -> None:
    checkouts = Checkouts()
    draft = checkouts.observe("/nowhere/tide", 7)
    assert draft is not None
    assert checkouts.observe("/nowhere/tide", 8) is None
    assert checkouts.observe("", 8) is None
    again = Checkouts().observe("/nowhere/tide", 9)
    assert again is not None
    assert (again.key, again.stream) == (draft.key, draft.stream)


def test_the_memory_of_directories_is_bounded() -> None:
    checkouts = Checkouts()
    for number in range(CACHE_LIMIT + 1):
        checkouts.observe(f"C:\\{number}", 0)
    assert checkouts.observe(f"C:\\{CACHE_LIMIT}", 0) is None
    assert checkouts.observe("C:\\0", 0) is not None


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/srv/tide/map.py", "/srv/tide"),
        ("/map.py", "/"),
        ("C:\\tide\\map.py", "C:\\tide"),
        ("C:/tide/map.py", "C:/tide"),
        ("map.py", ""),
        ("~/map.py", ""),
        ("", ""),
    ],
)
def test_only_an_absolute_path_has_a_directory(path: str, folder: str) -> None:
    assert folder_of(path) == folder


def test_the_directory_of_a_touched_file_is_told_once_and_only_where_it_lies_in_a_repository(
    tmp_path: Path,
) -> None:
    (tmp_path / "app" / ".git").mkdir(parents=True)
    checkouts = Checkouts()
    assert checkouts.observe_file(str(tmp_path / "map.py"), 1) is None
    assert checkouts.observe(str(tmp_path), 1) is not None
    draft = checkouts.observe_file(f"{tmp_path}/app/gone/map.py", 7)
    assert draft is not None
    assert isinstance(draft.event, CheckoutObserved)
    assert (draft.event.cwd, draft.event.repo) == (f"{tmp_path}/app/gone", f"{tmp_path}/app")
    assert draft == Checkouts().observe(f"{tmp_path}/app/gone", 7)
    assert checkouts.observe_file(f"{tmp_path}/app/gone/sea.py", 8) is None
    by_layout = checkouts.observe_file("/gone/tide/.worktrees/moon/src/map.py", 9)
    assert by_layout is not None
    assert by_layout.stream == Checkouts().observe("/gone/tide", 0).stream  # type: ignore[union-attr]


def test_a_session_that_edits_a_repository_from_above_is_tied_to_it(tmp_path: Path) -> None:
    (tmp_path / "app" / ".git").mkdir(parents=True)
    file = f"{tmp_path}/app/src/map.py"
    talk = Conversation(cwd=str(tmp_path))
    talk.call("Edit", {"file_path": "app/src/map.py", "old_string": "a", "new_string": "b"})
    put(tmp_path / "claude", talk.data)
    rollout = begun()
    patch = f"*** Begin Patch\n*** Update File: {file}\n*** End Patch"
    rollout.item("custom_tool_call", name="apply_patch", input=patch, call_id="call_1")
    for found in (
        of(pull(ClaudeCode(tmp_path / "claude")), CheckoutObserved),
        told(tmp_path / "codex", rollout, CheckoutObserved),
    ):
        assert (f"{tmp_path}/app/src", f"{tmp_path}/app", "git") in [
            (event.cwd, event.repo, event.evidence) for event in found
        ]
