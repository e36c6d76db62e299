"""Misbehaviour of a body as a whole: endless, nested, not UTF-8, other JSON than was asked for."""

import json
from collections.abc import Callable, Iterator

from tests.upstream.exchange import Answer, Exchange

NESTED = 100_000
BLOCK_BYTES = 65_536


def endless_list(exchange: Exchange) -> None:
    """Valid records, again and again."""
    pieces = exchange.sound.pieces
    again = b"," + b"".join(pieces[1:-1]) if len(pieces) > 2 else b",null"
    _endless(exchange, b'{"sessions":[' + again[1:], again)


def endless_whitespace(exchange: Exchange) -> None:
    _endless(exchange, b'{"sessions":[', b" " * BLOCK_BYTES)


def endless_string(exchange: Exchange) -> None:
    _endless(exchange, b'{"sessions":[{"session":{"last_prompt":"', b"x" * BLOCK_BYTES)


def endless_number(exchange: Exchange) -> None:
    _endless(exchange, b'{"scan_version":1', b"0" * BLOCK_BYTES)


def _endless(exchange: Exchange, start: bytes, again: bytes) -> None:
    def pieces() -> Iterator[bytes]:
        yield start
        while True:
            yield again

    exchange.reply_chunked(pieces())


def nested_deep(exchange: Exchange) -> None:
    deep = b"[" * NESTED + b"]" * NESTED
    _body(
        exchange, b'{"sessions":' + deep + b',"repos":' + deep + b',"scan_version":' + deep + b"}"
    )


def empty_body(exchange: Exchange) -> None:
    _body(exchange, b"")


def null_body(exchange: Exchange) -> None:
    _body(exchange, b"null")


def list_body(exchange: Exchange) -> None:
    _body(exchange, b"[]")


def empty_object(exchange: Exchange) -> None:
    """Nothing of what was asked for is in it."""
    _body(exchange, b"{}")


def lists_that_are_texts(exchange: Exchange) -> None:
    _body(exchange, b'{"sessions":"none","repos":"none","scan_version":"one","last_scan":"now"}')


def two_bodies(exchange: Exchange) -> None:
    """What follows the JSON is more JSON."""
    _body(exchange, exchange.sound.body * 2)


def invalid_utf8(exchange: Exchange) -> None:
    """In every text, and in the whole when it has none."""
    _body(exchange, exchange.sound.body.replace(b'":"', b'":"\xff\xfe') + b"\xff")


def byte_order_mark(exchange: Exchange) -> None:
    _body(exchange, b"\xef\xbb\xbf" + exchange.sound.body)


def duplicate_keys(exchange: Exchange) -> None:
    """Every session's count of messages comes twice, the scan's version as well."""
    body = exchange.sound.body.replace(b'"message_count":', b'"message_count":7,"message_count":')
    _body(exchange, body.replace(b'"scan_version":', b'"scan_version":7,"scan_version":'))


def not_a_number(exchange: Exchange) -> None:
    """What Python writes for it, and JSON does not have."""
    body = exchange.sound.body.replace(b'"input_tokens":', b'"x":NaN,"input_tokens":')
    _body(exchange, body.replace(b'"scan_version":', b'"y":Infinity,"scan_version":'))


def white_space(exchange: Exchange) -> None:
    """Around everything, as a pretty printer leaves it."""
    if exchange.sound.status != 200:
        exchange.reply(exchange.sound)
        return
    pretty = json.dumps(exchange.sound.payload, indent="\t").replace("\n", "\r\n")
    _body(exchange, f"\n\t {pretty}\n\n".encode())


def _body(exchange: Exchange, body: bytes) -> None:
    exchange.reply(Answer(200, (body,), headers=exchange.sound.headers))


ALL: tuple[Callable[[Exchange], None], ...] = (
    endless_list,
    endless_whitespace,
    endless_string,
    endless_number,
    nested_deep,
    empty_body,
    null_body,
    list_body,
    empty_object,
    lists_that_are_texts,
)
ODD: tuple[Callable[[Exchange], None], ...] = (
    two_bodies,
    invalid_utf8,
    byte_order_mark,
    duplicate_keys,
    not_a_number,
    white_space,
)
