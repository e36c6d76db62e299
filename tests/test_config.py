"""Settings: which layer wins, and what is said of a value that cannot work."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice import config
from session_lattice.config import KEYS, PREFIX
from session_lattice.errors import ConfigError

GOOD = {
    "host": ("127.0.0.2", "127.0.0.3", "127.0.0.4"),
    "port": ("1001", "1002", "1003"),
    "token": ("one", "two", "three"),
    "repo_recall_url": ("http://one", "http://two", "http://three"),
    "repo_recall_connect_seconds": ("1", "2", "4"),
    "repo_recall_read_seconds": ("1", "2", "3"),
    "repo_recall_write_seconds": ("1", "2", "3"),
    "repo_recall_pool_seconds": ("1", "2", "3"),
    "repo_recall_body_seconds": ("1", "2", "3"),
    "recall_port": ("1001", "1002", "1003"),
    "transcripts": ("/one", "/two", "/three"),
    "repositories": ("/one", "/two", "none"),
    "refresh_interval_seconds": ("1", "2", "3"),
    "pull_seconds": ("10", "20", "30"),
    "log_retention_days": ("0", "2", "3.5"),
    "log_url": ("redis://one", "redis://two", "redis://three"),
    "log_level": ("debug", "warning", "error"),
}
"""Setting → what the config file, the environment and a flag say."""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def write_file(tmp_path: Path, text: str, *, home: str = ".session-lattice") -> None:
    (tmp_path / home).mkdir()
    (tmp_path / home / "config.toml").write_text(text)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"profile": "produktion"}, "no profile is called 'produktion'"),
        ({"port": "http"}, "port is 'http' (from the flag)"),
        ({"port": "80.5"}, "port is '80.5'"),
        ({"port": "65536"}, "port is '65536'"),
        ({"port": "-1"}, "port is '-1'"),
        ({"refresh_interval_seconds": "0"}, "refresh_interval_seconds is '0'"),
        ({"refresh_interval_seconds": "nan"}, "refresh_interval_seconds is 'nan'"),
        ({"refresh_interval_seconds": "inf"}, "refresh_interval_seconds is 'inf'"),
        ({"pull_seconds": "0"}, "pull_seconds is '0'"),
        ({"log_retention_days": "-1"}, "log_retention_days is '-1'"),
        ({"repo_recall_url": "127.0.0.1:7777"}, "repo_recall_url is '127.0.0.1:7777'"),
        ({"repo_recall_url": "ftp://host"}, "repo_recall_url is 'ftp://host'"),
        ({"repo_recall_url": "http://host:port"}, "repo_recall_url is 'http://host:port'"),
        ({"repo_recall_url": "http://host/?q=1"}, "repo_recall_url is 'http://host/?q=1'"),
        ({"repo_recall_read_seconds": "0"}, "repo_recall_read_seconds is '0'"),
        ({"recall_port": "http"}, "recall_port is 'http'"),
        ({"log_level": "loud"}, "log_level is 'loud'"),
        ({"profile": "prod"}, "profile prod needs an address to bind"),
    ],
)
def test_a_value_that_cannot_work_is_named_with_what_may_stand_there(
    flags: dict[str, str], says: str, environ: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as raised:
        config.load(flags, environ)
    assert says in raised.value.what
    assert raised.value.hint


def test_an_error_says_which_layer_the_value_came_from(
    environ: dict[str, str], tmp_path: Path
) -> None:
    write_file(tmp_path, 'log_level = "loud"')
    with pytest.raises(ConfigError, match="from the config file"):
        config.load({}, environ)
    with pytest.raises(ConfigError, match="from the environment"):
        config.load({}, {**environ, f"{PREFIX}LOG_LEVEL": "louder"})


@pytest.mark.parametrize(
    "text", ["port = ", 'home = "/elsewhere"', 'profile = "dev"', "prot = 1", "\x00", "\udcff"]
)
def test_a_config_file_that_cannot_be_taken_whole_is_refused_by_name(
    text: str, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".session-lattice").mkdir()
    file = tmp_path / ".session-lattice" / "config.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as raised:
        config.load({}, environ)
    assert str(file) in raised.value.what


@pytest.mark.parametrize("name", GOOD)
def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(
    name: str, environ: dict[str, str], tmp_path: Path
) -> None:
    file, variable, flag = GOOD[name]
    layers = [config.load({}, environ)]
    write_file(tmp_path, f'{name} = "{file}"')
    layers.append(config.load({}, environ))
    environ[PREFIX + name.upper()] = variable
    layers.append(config.load({}, environ))
    layers.append(config.load({name: flag}, environ))
    values = [str(getattr(settings, name)) for settings in layers]
    assert len(set(values)) == 4
    origins = [settings.provenance[name] for settings in layers]
    assert origins[0] in ("profile", "default")
    assert origins[1:] == ["config file", "environment", "flag"]


def test_every_setting_but_the_home_is_tried_above() -> None:
    assert {*GOOD, "home"} == set(KEYS)


def test_an_empty_variable_counts_as_unset(environ: dict[str, str]) -> None:
    empty = {PREFIX + name.upper(): "" for name in (*KEYS, "profile")}
    assert config.load({}, {**environ, **empty}) == config.load({}, environ)


def test_each_profile_has_its_home_and_its_address(environ: dict[str, str], tmp_path: Path) -> None:
    dev = config.load({"profile": "dev"}, environ)
    staging = config.load({}, environ)
    prod = config.load({"profile": "prod", "host": "fd00::1"}, environ)
    assert (dev.home, dev.reads_url) == (tmp_path / ".session-lattice-dev", "http://127.0.0.1:7781")
    assert (staging.profile, staging.home) == ("staging", tmp_path / ".session-lattice")
    assert staging.reads_url == "http://127.0.0.1:7778"
    assert (prod.home, prod.reads_url) == (staging.home, "http://[fd00::1]:7778")
    assert [dev.loopback, staging.loopback, prod.loopback] == [True, True, False]


def test_transcripts_default_to_where_the_agents_themselves_look(
    environ: dict[str, str], tmp_path: Path
) -> None:
    names = [".claude", ".config/claude", ".codex"]
    assert config.load({}, environ).transcripts == tuple(tmp_path / name for name in names)
    moved = {**environ, "CLAUDE_CONFIG_DIR": "/c", "CODEX_HOME": "~/x"}
    assert config.load({}, moved).transcripts == (Path("/c"), tmp_path / "x")


def test_repositories_are_those_of_sessions_unless_some_or_none_are_named(
    environ: dict[str, str], tmp_path: Path
) -> None:
    assert config.load({}, environ).repositories == ()
    named = {**environ, "SESSION_LATTICE_REPOSITORIES": "~/code:/srv/git"}
    assert config.load({}, named).repositories == (tmp_path / "code", Path("/srv/git"))
    none = {**environ, "SESSION_LATTICE_REPOSITORIES": "none"}
    assert config.load({}, none).repositories is None


def test_transcripts_may_be_a_list_in_the_file(environ: dict[str, str], tmp_path: Path) -> None:
    write_file(tmp_path, 'transcripts = ["~/one", "/two"]')
    assert config.load({}, environ).transcripts == (tmp_path / "one", Path("/two"))


@given(st.text())
def test_only_addresses_that_stay_on_this_machine_are_loopback(host: str) -> None:
    assert not config.is_loopback(host) or host.startswith(("localhost", "127.", "::", "0"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_the_names_of_this_machine_are_loopback(host: str) -> None:
    assert config.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "localhost.example", ""])
def test_other_names_are_not_loopback(host: str) -> None:
    assert not config.is_loopback(host)
