"""Settings: flags beat environment, environment beats the config file, that the profile."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from session_lattice.errors import ConfigError

PREFIX = "SESSION_LATTICE_"
DEFAULT_PROFILE = "staging"
DEFAULT_REFRESH_INTERVAL_SECONDS = 60.0
MIN_REFRESH_INTERVAL_SECONDS = 0.1
MAX_REFRESH_INTERVAL_SECONDS = 86_400.0
MAX_PORT = 65_535
DEFAULT_PULL_SECONDS = 900.0
MIN_PULL_SECONDS = 0.1
MAX_PULL_SECONDS = 86_400.0
DEFAULT_RETENTION_DAYS = 30.0
MAX_RETENTION_DAYS = 36_500.0
MIN_RECALL_SECONDS = 0.05
MAX_RECALL_SECONDS = 3_600.0
NO_REPOSITORY = "none"
"""Where repositories are named: not even those that sessions worked in."""

LOG_LEVELS = ("debug", "info", "warning", "error")
ORIGINS = ("flag", "environment", "config file", "profile", "default")

PROFILES: Mapping[str, Mapping[str, str]] = {
    "dev": {
        "home": "~/.session-lattice-dev",
        "host": "127.0.0.1",
        "port": "7781",
        "recall_port": "7780",
    },
    "staging": {
        "home": "~/.session-lattice",
        "host": "127.0.0.1",
        "port": "7778",
        "recall_port": "7777",
    },
    "prod": {"home": "~/.session-lattice", "host": "", "port": "7778", "recall_port": "7777"},
}

RECALL_LIMITS: Mapping[str, float] = {
    "repo_recall_connect_seconds": 3.0,
    "repo_recall_read_seconds": 10.0,
    "repo_recall_write_seconds": 5.0,
    "repo_recall_pool_seconds": 5.0,
    "repo_recall_body_seconds": 120.0,
}
"""What each step of asking an upstream may take, unless set otherwise."""

KEYS: Mapping[str, str] = {
    "home": "the directory that holds everything",
    "host": "the address that serve-reads binds",
    "port": "the port that serve-reads binds",
    "token": "the bearer token that readers must send; needed off loopback",
    "repo_recall_url": "an upstream recall service; unset: transcripts on disk",
    "repo_recall_connect_seconds": "seconds to connect to it",
    "repo_recall_read_seconds": "seconds of silence from it, at most",
    "repo_recall_write_seconds": "seconds to send it a request",
    "repo_recall_pool_seconds": "seconds to wait for a connection that is in use",
    "repo_recall_body_seconds": "seconds that one whole answer of it may take",
    "recall_port": "the port that serve-recall binds",
    "transcripts": "agents' homes, colon-separated; unset: where Claude Code and Codex keep theirs",
    "repositories": "git repositories to read beside those of sessions; none: read none at all",
    "refresh_interval_seconds": "seconds between two ticks of the puller",
    "pull_seconds": "seconds that one pull may take",
    "log_url": "where the event log is, such as redis://host:6379/0; unset: SQLite in the home",
    "log_retention_days": "days that the log keeps an event; views keep what it told",
    "log_level": "debug, info, warning or error",
}
"""Every setting but the profile, with what it means; the name is also the config file's key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process runs with; built once by `load` and passed in."""

    profile: str
    home: Path
    host: str
    port: int
    token: str | None
    repo_recall_url: str | None
    repo_recall_connect_seconds: float
    repo_recall_read_seconds: float
    repo_recall_write_seconds: float
    repo_recall_pool_seconds: float
    repo_recall_body_seconds: float
    recall_port: int
    transcripts: tuple[Path, ...]
    repositories: tuple[Path, ...] | None
    """Beside those that sessions worked in; None: no repository is read."""
    refresh_interval_seconds: float
    pull_seconds: float
    log_url: str | None
    log_retention_days: float
    log_level: str
    provenance: Mapping[str, str]
    """Setting → where its value came from: one of ORIGINS."""

    @property
    def reads_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def agents_homes(self) -> tuple[Path, ...]:
        """Whose transcripts are read: beside an upstream only those that somebody asked for."""
        by_default = self.provenance["transcripts"] == "default"
        return () if self.repo_recall_url and by_default else self.transcripts


def is_loopback(host: str) -> bool:
    """True for `localhost` and for addresses that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """An address without what is secret in it: name, password, query."""
    scheme, slashes, rest = url.partition("://")
    place, slash, path = rest.partition("?")[0].partition("/")
    return scheme + slashes + place.rpartition("@")[2] + slash + path


class Found(NamedTuple):
    """A setting's text and which of ORIGINS it came from."""

    text: str
    origin: str


Layers = Sequence[tuple[str, Mapping[str, str]]]


def load(
    flags: Mapping[str, str | None] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Settings from `flags` (setting → text), the environment, the config file and the profile.

    Raises ConfigError naming the setting, where its value came from and what it may be.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    home_dir = Path(environ.get("HOME") or Path.home())
    profile = given.get("profile") or environ.get(f"{PREFIX}PROFILE") or DEFAULT_PROFILE
    if profile not in PROFILES:
        raise ConfigError(
            f"no profile is called {profile!r}", hint=f"use one of {', '.join(PROFILES)}"
        )
    layers: Layers = [("flag", given), ("environment", _from_environment(environ))]
    home = _first("home", [*layers, ("profile", PROFILES[profile])])
    home_path = _path(home.text, home_dir)
    layers = [
        *layers,
        ("config file", _from_file(home_path / "config.toml")),
        ("profile", PROFILES[profile]),
        ("default", _defaults(environ)),
    ]
    found = {name: _first(name, layers) for name in KEYS if name != "home"}
    return _settings(profile, home_path, home_dir, {"home": home, **found})


def _defaults(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What holds where nothing else says so; agents' homes as the agents themselves find them."""
    claude = environ.get("CLAUDE_CONFIG_DIR") or "~/.claude:~/.config/claude"
    codex = environ.get("CODEX_HOME") or "~/.codex"
    return {
        "transcripts": f"{claude}:{codex}",
        "refresh_interval_seconds": f"{DEFAULT_REFRESH_INTERVAL_SECONDS:g}",
        "pull_seconds": f"{DEFAULT_PULL_SECONDS:g}",
        "log_retention_days": f"{DEFAULT_RETENTION_DAYS:g}",
        "log_level": "info",
        **{name: f"{seconds:g}" for name, seconds in RECALL_LIMITS.items()},
    }


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = {name: PREFIX + name.upper() for name in KEYS}
    return {name: environ[key] for name, key in names.items() if environ.get(key)}


def _from_file(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}", hint="mend it or move it away"
        ) from error
    unknown = sorted(set(table) - set(KEYS) | set(table) & {"home"})
    if unknown:
        raise ConfigError(
            f"{path}: {', '.join(unknown)} cannot be set here",
            hint=f"it may hold {', '.join(name for name in KEYS if name != 'home')}",
        )
    return {name: _text(value) for name, value in table.items()}


def _text(value: Any) -> str:
    return ":".join(map(str, value)) if isinstance(value, list) else str(value)


def _first(name: str, layers: Layers) -> Found:
    for origin, values in layers:
        if values.get(name):
            return Found(values[name], origin)
    return Found("", "default")


def _settings(profile: str, home: Path, home_dir: Path, found: Mapping[str, Found]) -> Settings:
    def text(name: str) -> str | None:
        return found[name].text or None

    return Settings(
        profile=profile,
        home=home,
        host=_host(profile, found["host"]),
        port=int(_number("port", found["port"], 0, MAX_PORT)),
        token=text("token"),
        repo_recall_url=_recall_url(found["repo_recall_url"]),
        **{name: _recall_seconds(name, found[name]) for name in RECALL_LIMITS},
        recall_port=int(_number("recall_port", found["recall_port"], 0, MAX_PORT)),
        transcripts=_paths(found["transcripts"].text, home_dir),
        repositories=_repositories(found["repositories"].text, home_dir),
        refresh_interval_seconds=_number(
            "refresh_interval_seconds",
            found["refresh_interval_seconds"],
            MIN_REFRESH_INTERVAL_SECONDS,
            MAX_REFRESH_INTERVAL_SECONDS,
        ),
        pull_seconds=_number(
            "pull_seconds", found["pull_seconds"], MIN_PULL_SECONDS, MAX_PULL_SECONDS
        ),
        log_url=text("log_url"),
        log_retention_days=_number(
            "log_retention_days", found["log_retention_days"], 0, MAX_RETENTION_DAYS
        ),
        log_level=_level(found["log_level"]),
        provenance={name: value.origin for name, value in found.items()},
    )


def _host(profile: str, found: Found) -> str:
    if not found.text:
        raise ConfigError(
            f"profile {profile} needs an address to bind",
            hint=f"set {PREFIX}HOST to this machine's tailnet address",
        )
    return found.text


def _level(found: Found) -> str:
    level = found.text.lower()
    if level not in LOG_LEVELS:
        raise _wrong("log_level", found, f"use one of {', '.join(LOG_LEVELS)}")
    return level


def _recall_url(found: Found) -> str | None:
    """Without the slash at its end. Raises ConfigError for what names no HTTP service."""
    if not found.text:
        return None
    try:
        parts = urlsplit(found.text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.query or parts.fragment:
        raise _wrong("repo_recall_url", found, "use http://HOST:PORT of a recall service")
    return found.text.rstrip("/")


def _recall_seconds(name: str, found: Found) -> float:
    return _number(name, found, MIN_RECALL_SECONDS, MAX_RECALL_SECONDS)


def _number(name: str, found: Found, low: float, high: float) -> float:
    try:
        number = float(found.text)
    except ValueError:
        number = float("nan")
    is_port = name.endswith("port")
    if not (low <= number <= high and (number.is_integer() or not is_port)):
        kind = "whole number" if is_port else "number"
        raise _wrong(name, found, f"use a {kind} from {low:g} to {high:g}")
    return number


def _wrong(name: str, found: Found, hint: str) -> ConfigError:
    return ConfigError(f"{name} is {found.text!r} (from the {found.origin})", hint=hint)


def _repositories(text: str, home_dir: Path) -> tuple[Path, ...] | None:
    return None if text == NO_REPOSITORY else _paths(text, home_dir)


def _paths(text: str, home_dir: Path) -> tuple[Path, ...]:
    return tuple(_path(part, home_dir) for part in text.split(":") if part)


def _path(text: str, home_dir: Path) -> Path:
    if text == "~" or text.startswith("~/"):
        return home_dir / text[2:]
    return Path(text).absolute()
