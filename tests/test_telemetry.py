"""What a daemon's log looks like, to a program and to a person."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from session_lattice import telemetry
from session_lattice.errors import HomeError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_error_of_ours_carries_its_hint(stream: io.StringIO) -> None:
    telemetry.configure("info", "puller", stream=stream)
    structlog.get_logger().error("pull_failed", error=HomeError("it is full", hint="make room"))
    (line,) = lines(stream)
    assert (line["error"], line["hint"]) == ("it is full", "make room")


def test_an_error_of_others_says_its_kind_and_where_it_was_raised(stream: io.StringIO) -> None:
    telemetry.configure("info", "puller", stream=stream)
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError as error:
        structlog.get_logger().error("crashed", error=error, exc_info=True)
    (line,) = lines(stream)
    assert line["error"] == "ZeroDivisionError: by zero"
    assert "test_telemetry.py" in line["exception"]


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_what_is_below_the_level_is_left_out(
    level: str, heard: list[str], stream: io.StringIO
) -> None:
    telemetry.configure(level, "reads", stream=stream)
    for name in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger(), name)("looked")
    assert [line["level"] for line in lines(stream)] == heard


def test_each_event_is_one_line_with_its_process_and_its_time_in_utc(stream: io.StringIO) -> None:
    telemetry.configure("info", "puller", stream=stream)
    structlog.get_logger().info("generation_published", generation=12, view="two\nlines")
    (line,) = lines(stream)
    assert line["event"] == "generation_published"
    assert (line["process"], line["generation"], line["view"]) == ("puller", 12, "two\nlines")
    assert datetime.fromisoformat(line["ts"]).utcoffset() == timedelta(0)


def test_libraries_speak_in_the_same_form_from_warnings_on(stream: io.StringIO) -> None:
    telemetry.configure("info", "reads", stream=stream)
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("%d retries", 3)
    (line,) = lines(stream)
    assert (line["event"], line["logger"]) == ("3 retries", "some.library")
    assert line["process"] == "reads"


def test_libraries_say_everything_when_we_debug(stream: io.StringIO) -> None:
    telemetry.configure("debug", "reads", stream=stream)
    logging.getLogger("some.library").debug("chatter")
    assert [line["event"] for line in lines(stream)] == ["chatter"]


def test_a_terminal_gets_text_for_people() -> None:
    terminal = Terminal()
    telemetry.configure("info", "puller", stream=terminal)
    structlog.get_logger().info("generation_published", generation=12)
    assert "generation_published" in terminal.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(terminal.getvalue())


def test_configured_again_it_starts_anew(stream: io.StringIO) -> None:
    telemetry.configure("info", "puller", stream=io.StringIO())
    telemetry.configure("info", "reads", stream=stream)
    structlog.get_logger().info("once")
    logging.getLogger("some.library").warning("once")
    assert [line["process"] for line in lines(stream)] == ["reads", "reads"]
