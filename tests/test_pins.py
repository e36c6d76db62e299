"""The pins: exact, hashed, without addresses, and complete on every platform that is supported."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PROGRAM = PROJECT["dependencies"] + EXTRAS["redis"]
WANTED = {".requirements.txt": PROGRAM, ".requirements-dev.txt": PROGRAM + EXTRAS["dev"]}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64"))

PIN = re.compile(
    r"^([a-z0-9.-]+)==([0-9][\w.]*) \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pinned(name: str) -> dict[str, str]:
    return {canonicalize_name(found[1]): found[2] for found in PIN.finditer(text_of(name))}


def environment(python: str, platform: str, machine: str) -> dict[str, str]:
    """What markers see there."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": platform,
        "platform_system": platform.capitalize(),
        "platform_machine": machine,
    }


def needed(requirements: list[str], environment: dict[str, str]) -> set[str]:
    """Names of everything that `requirements` lead to, as the installed packages tell."""
    found: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in found:
                found.add((name, extra))
                waiting += _of(name, environment | {"extra": extra})
    return {name for name, _ in found}


def _of(name: str, environment: dict[str, str]) -> Iterator[Requirement]:
    try:
        listed = requires(name) or []
    except PackageNotFoundError:
        # Of another platform, and so not installed here; that it is pinned is what counts.
        return
    for text in listed:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement


@pytest.mark.parametrize("name", WANTED)
def test_pins_are_exact_with_hashes_and_without_addresses(name: str) -> None:
    lines = [line for line in text_of(name).splitlines() if line and line[0] not in " #"]
    assert len(pinned(name)) == len(lines) > 0
    assert "://" not in text_of(name)


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize(("python", "machine"), list(product(PYTHONS, MACHINES)))
def test_pins_hold_everything_that_is_needed_on_each_platform(
    name: str, python: str, machine: tuple[str, str]
) -> None:
    assert needed(WANTED[name], environment(python, *machine)) - pinned(name).keys() == set()


@pytest.mark.parametrize("name", WANTED)
def test_pins_allow_what_the_project_asks_for(name: str) -> None:
    pins = pinned(name)
    asked = [Requirement(text) for text in WANTED[name]]
    assert [
        str(one) for one in asked if pins[canonicalize_name(one.name)] not in one.specifier
    ] == []


def test_tests_run_with_the_versions_that_the_program_runs_with() -> None:
    program, tests = pinned(".requirements.txt"), pinned(".requirements-dev.txt")
    assert program.items() <= tests.items()
