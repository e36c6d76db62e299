"""Which event log the settings mean."""

from session_lattice.config import Settings, shown
from session_lattice.errors import ConfigError
from session_lattice.home import Home
from session_lattice.log.base import EventLog

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


def open_log(settings: Settings, *, origin: str = "", readonly: bool = False) -> EventLog:
    """The log at `log_url`, else the one in the home; `origin` marks what is appended.

    Raises ConfigError for an address that means no log, and LogError where one to read is not
    there yet or cannot be reached.
    """
    url = settings.log_url
    if not url:
        from session_lattice.log.sqlite import SqliteEventLog

        return SqliteEventLog(Home(settings.home).log, origin=origin, readonly=readonly)
    if not url.startswith(REDIS_SCHEMES):
        raise ConfigError(
            f"log_url {shown(url)!r} (from the {settings.provenance['log_url']}) is no event log",
            hint="use redis://HOST:PORT/DATABASE, or leave it out for SQLite in the home",
        )
    try:
        from session_lattice.log.redis import RedisEventLog
    except ImportError as error:
        raise ConfigError(
            "an event log in Redis needs the extra `redis`",
            hint="pip install 'session-lattice[redis]'",
        ) from error
    holder = f"{origin}:{settings.home}"
    return RedisEventLog(url, origin=origin, holder=holder, readonly=readonly)
