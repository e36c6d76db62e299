"""Misbehaviour on the wire: silence, stalls, trickles, resets, what ends too early."""

from typing import NoReturn

from tests.upstream.exchange import Exchange

TRICKLE_SECONDS = 0.02
"""Between two bytes of a body that trickles: never silent for long, and never done."""

SLOW_PIECES = 40
SLOW_SECONDS = 0.03


def silence(exchange: Exchange) -> None:
    """Accept, and never answer."""
    exchange.hang()


def stall_after_head(exchange: Exchange) -> None:
    exchange.sound_head()
    exchange.hang()


def stall_in_mid_body(exchange: Exchange) -> None:
    _half(exchange)
    exchange.hang()


def trickle(exchange: Exchange) -> None:
    """A byte at a time; a long body takes minutes."""
    exchange.sound_head()
    for byte in exchange.sound.body:
        exchange.send(bytes((byte,)))
        exchange.pause(TRICKLE_SECONDS)


def slowly(exchange: Exchange) -> None:
    """The sound answer in some pieces with pauses; a second or two."""
    body = exchange.sound.body
    exchange.sound_head()
    step = max(1, len(body) // SLOW_PIECES)
    for start in range(0, len(body), step):
        exchange.send(body[start : start + step])
        exchange.pause(SLOW_SECONDS)


def trickle_head(exchange: Exchange) -> None:
    """Header after header, and never the end of them."""
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    _trickled_headers(exchange)


def _trickled_headers(exchange: Exchange) -> NoReturn:
    number = 0
    while True:
        exchange.send(f"X-Slow-{number}: yes\r\n".encode())
        exchange.pause(TRICKLE_SECONDS)
        number += 1


def close_before_head(exchange: Exchange) -> None:
    exchange.close()


def reset_before_head(exchange: Exchange) -> None:
    exchange.reset()


def reset_in_mid_body(exchange: Exchange) -> None:
    _half(exchange)
    exchange.reset()


def truncated_with_wrong_length(exchange: Exchange) -> None:
    """Half of the JSON under the length of the whole."""
    _half(exchange)
    exchange.close()


def truncated_with_right_length(exchange: Exchange) -> None:
    """Half of the JSON under its own length."""
    half = exchange.sound.body[: exchange.sound.length // 2]
    exchange.sound_head(len(half))
    exchange.send(half)


def chunks_cut_off(exchange: Exchange) -> None:
    """Half of the JSON in chunks without the last one."""
    body = exchange.sound.body
    exchange.head(200, ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"))
    exchange.chunk(body[: len(body) // 2])
    exchange.close()


def not_http(exchange: Exchange) -> None:
    """What another program on that port would say."""
    exchange.send(b"SSH-2.0-OpenSSH_9.9\r\n")
    exchange.close()


def _half(exchange: Exchange) -> None:
    exchange.sound_head()
    exchange.send(exchange.sound.body[: exchange.sound.length // 2])


ALL = (
    silence,
    stall_after_head,
    stall_in_mid_body,
    trickle,
    trickle_head,
    close_before_head,
    reset_before_head,
    reset_in_mid_body,
    truncated_with_wrong_length,
    truncated_with_right_length,
    chunks_cut_off,
    not_http,
)
ODD = (slowly,)
