"""What the tests of the log in Redis append, and how they look at what the server keeps."""

from collections.abc import Callable
from typing import Any

import redis

from session_lattice.log.base import Encoded
from session_lattice.log.redis import RedisEventLog

OpenRedis = Callable[..., RedisEventLog]

ALL = 1 << 62


def batch(
    *keys: int, stream: str = "session/a/1", data: bytes = b"{}", terminal: bool = False
) -> list[Encoded]:
    return [Encoded(stream, str(key), 0, "message.user", terminal, data) for key in keys]


def positions(log: RedisEventLog, stream: str | None = None) -> list[int]:
    return [event.position for event in log.read(0, stream=stream)]


def kept(url: str) -> dict[bytes, Any]:
    """Every key of the database with its whole value."""
    with redis.Redis.from_url(url) as client:
        return {key: client.dump(key) for key in client.scan_iter(count=1000)}
