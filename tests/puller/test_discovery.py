"""A home is known by its layout, now or when it comes."""

from pathlib import Path

from session_lattice.puller.discovery import Discovery


def test_a_home_is_known_by_its_layout(tmp_path: Path) -> None:
    for name in ("one/projects", "two/sessions", "three/archived_sessions", "four/else"):
        (tmp_path / name).mkdir(parents=True)
    roots = [tmp_path / name for name in ("one", "two", "three", "four", "five")]
    discovery = Discovery(roots, sample=False)
    names = [source.name.split(":")[0] for source in discovery.found()]
    assert names == ["claude_code", "codex", "codex"]
    assert discovery.missing == [tmp_path / "four", tmp_path / "five"]


def test_a_home_that_comes_later_is_found_once(tmp_path: Path) -> None:
    discovery = Discovery([tmp_path, tmp_path], sample=False)
    assert discovery.found() == []
    (tmp_path / "projects").mkdir()
    assert len(discovery.found()) == 1
    assert discovery.found() == []
