"""Misbehaviour in the head: statuses, Retry-After, content types, redirects, encodings."""

import time
import zlib
from collections.abc import Callable
from email.utils import formatdate
from itertools import repeat

from tests.upstream.exchange import JSON, Answer, Exchange, Header

MOVED = "/moved"
"""Whatever lies below it is what lies at the root."""

RETRY_SECONDS = 1
BOMB_BLOCK_BYTES = 1_048_576
BOMB_BLOCKS = 4096
"""4 GiB unpacked, 4 MB on the wire."""

PAGE = b"<!doctype html><html><head><title>Bad gateway</title></head><body>502</body></html>"
HTML = "text/html; charset=utf-8"


def _status(name: str, status: int, *headers: Header) -> Callable[[Exchange], None]:
    def misbehave(exchange: Exchange) -> None:
        exchange.reply(Answer(status, (b'{"error":"unavailable"}',), headers=headers))

    misbehave.__name__ = name
    return misbehave


def _retry(name: str, status: int, after: str) -> Callable[[Exchange], None]:
    return _status(name, status, ("Retry-After", after))


def retry_after_date(exchange: Exchange) -> None:
    """An HTTP date, a second from now."""
    at = formatdate(time.time() + RETRY_SECONDS, usegmt=True)
    exchange.reply(Answer(503, (b"{}",), headers=(("Retry-After", at),)))


def html_page(exchange: Exchange) -> None:
    """200, and an error page for people."""
    exchange.reply(Answer(200, (PAGE,), HTML))


def html_called_json(exchange: Exchange) -> None:
    exchange.reply(Answer(200, (PAGE,), JSON))


def json_called_html(exchange: Exchange) -> None:
    exchange.reply(Answer(200, exchange.sound.pieces, HTML))


def redirect_elsewhere(exchange: Exchange) -> None:
    """To another host, which happens to lead here: who follows is seen by the Host they send."""
    port = exchange.request.headers["host"].rpartition(":")[2]
    _redirect(exchange, f"http://localhost:{port}{exchange.request.path}")


def redirect_in_a_loop(exchange: Exchange) -> None:
    _redirect(exchange, exchange.request.path)


def redirect_to_a_file(exchange: Exchange) -> None:
    _redirect(exchange, "file:///etc/hosts")


def redirect_on_the_same_host(exchange: Exchange) -> None:
    """Where it leads is the sound answer."""
    if exchange.request.path.startswith(MOVED):
        exchange.reply(exchange.sound)
    else:
        _redirect(exchange, MOVED + exchange.request.path)


def _redirect(exchange: Exchange, to: str) -> None:
    exchange.reply(Answer(307, headers=(("Location", to),)))


def gzip_bomb(exchange: Exchange) -> None:
    """A list that is white space for gigabytes; every block is the same bytes on the wire."""
    deflate = zlib.compressobj(9, wbits=31)
    start = deflate.compress(b'{"sessions":[') + deflate.flush(zlib.Z_FULL_FLUSH)
    deflate.compress(b" " * BOMB_BLOCK_BYTES)
    deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(b" " * BOMB_BLOCK_BYTES) + deflate.flush(zlib.Z_FULL_FLUSH)
    headers = (("Content-Type", JSON), ("Content-Encoding", "gzip"))
    exchange.head(200, *headers, ("Content-Length", str(len(start) + len(block) * BOMB_BLOCKS)))
    exchange.send(start)
    for piece in repeat(block, BOMB_BLOCKS):
        exchange.send(piece)


def gzip_that_is_none(exchange: Exchange) -> None:
    headers = (("Content-Encoding", "gzip"),)
    exchange.reply(Answer(200, exchange.sound.pieces, headers=headers))


def gzip_as_asked(exchange: Exchange) -> None:
    """Packed for who says to take it."""
    if "gzip" not in exchange.request.headers.get("accept-encoding", ""):
        exchange.reply(exchange.sound)
        return
    deflate = zlib.compressobj(1, wbits=31)
    packed = deflate.compress(exchange.sound.body) + deflate.flush()
    exchange.reply(Answer(200, (packed,), headers=(("Content-Encoding", "gzip"),)))


def chunked(exchange: Exchange) -> None:
    exchange.reply_chunked(exchange.sound.pieces)


def with_a_charset(exchange: Exchange) -> None:
    exchange.reply(Answer(200, exchange.sound.pieces, "Application/JSON; charset=UTF-8"))


ALL = (
    *(_status(f"status_{status}", status) for status in (400, 401, 404, 429, 500, 502, 503)),
    _retry("retry_after_seconds", 429, str(RETRY_SECONDS)),
    retry_after_date,
    _retry("retry_after_past_date", 503, "Thu, 01 Jan 1970 00:00:00 GMT"),
    _retry("retry_after_century", 503, "3153600000"),
    _retry("retry_after_far_date", 429, "Fri, 31 Dec 9999 23:59:59 GMT"),
    _retry("retry_after_negative", 503, "-5"),
    _retry("retry_after_word", 503, "soon"),
    _retry("retry_after_nan", 503, "nan"),
    _retry("retry_after_digits", 503, "9" * 5000),
    html_page,
    html_called_json,
    json_called_html,
    redirect_elsewhere,
    redirect_in_a_loop,
    redirect_to_a_file,
    gzip_bomb,
    gzip_that_is_none,
)
ODD = (redirect_on_the_same_host, gzip_as_asked, chunked, with_a_charset)
