"""Who may call: the outermost layer, on every route, before anything is looked up."""

import asyncio
import hmac
import re
from collections.abc import Iterable
from ipaddress import ip_address
from socket import gethostname
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from session_lattice.config import Settings
from session_lattice.errors import ConfigError
from session_lattice.reads.problems import problem

MAX_BODY_BYTES = 1024 * 1024
"""A request's body; only MCP calls have one."""

BODY_SECONDS = 10.0
"""How long a body may take to arrive."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
ALL_INTERFACES = ("0.0.0.0", "::")
MCP_PATH = "/mcp"
READING = ("GET", "HEAD")
CALLING = ("POST",)
"""MCP is served without sessions: there is no stream to GET and nothing to DELETE."""

HARDENING = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Headers of every response: no page of another origin may read or sniff it."""

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/@\s]+))(?::\d{1,5})?")


def check_bind(settings: Settings) -> None:
    """Raise ConfigError if the server would be open to others without a token."""
    if not settings.loopback and not settings.token:
        raise ConfigError(
            f"serving on {settings.host} needs a token",
            hint="set SESSION_LATTICE_TOKEN to a long random text, or bind 127.0.0.1",
        )


class Guard:
    """Checks method, Host, Origin, token and size of body; refuses with a problem document.

    Host must be a loopback name, the bound address, this machine's name or one of `hosts`;
    an address bound to all interfaces is reached by any address literal, which no rebound
    name can pretend to be. Origin must be a loopback page's or the server's own. A token
    that is set is demanded everywhere. This is the one authority; the MCP SDK's own checks
    are off.
    """

    def __init__(self, app: ASGIApp, settings: Settings, hosts: Iterable[str] = ()) -> None:
        self._app = app
        own = (*LOOPBACK_NAMES, settings.host, *hosts)
        named = () if settings.loopback else (gethostname(), f"{gethostname()}.local")
        self._hosts = {name.lower() for name in (*own, *named)}
        self._any_address = settings.host in ALL_INTERFACES
        self._token = settings.token.encode() if settings.token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _hardened(send)
        refused = self._refused(scope)
        if refused:
            await refused(scope, receive, send)
        elif scope["method"] == "GET":
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, _bodiless(send))
        else:
            await self._with_body(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        hosts: list[bytes] = []
        origin = token = b""
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == b"origin":
                origin = value
            elif name == b"authorization":
                token = value
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return self._misdirected(scope, hosts)
        if origin and not _is_friendly(origin, hosts[0]):
            return self._foreign(scope, origin)
        if self._token and not _bears(token, self._token):
            return self._unauthorized(scope, token)
        return self._wrong_method(scope)

    def _is_own(self, host: bytes) -> bool:
        name = _host_name(host.decode("latin-1"))
        return name in self._hosts or (self._any_address and _is_address(name))

    def _misdirected(self, scope: Scope, hosts: list[bytes]) -> Response:
        said = ", ".join(host.decode("latin-1")[:80] for host in hosts) or "none"
        return problem(
            421,
            f"this server does not answer to the Host {said}",
            scope["path"],
            advice=f"use one of {', '.join(sorted(self._hosts))}",
        )

    def _foreign(self, scope: Scope, origin: bytes) -> Response:
        said = origin.decode("latin-1")[:80]
        return problem(
            403,
            f"pages of {said} may not read this",
            scope["path"],
            advice="call from a page of this server or of this machine, or without an Origin",
        )

    def _unauthorized(self, scope: Scope, token: bytes) -> Response:
        challenge = 'Bearer realm="session-lattice"' + (', error="invalid_token"' if token else "")
        return problem(
            401,
            "the bearer token is wrong" if token else "a bearer token is needed",
            scope["path"],
            advice="send the header `Authorization: Bearer TOKEN` with the server's token",
            headers={"www-authenticate": challenge},
        )

    def _wrong_method(self, scope: Scope) -> Response | None:
        allowed = CALLING if scope["path"] == MCP_PATH else READING
        if scope["method"] in allowed:
            return None
        return problem(
            405,
            f"{scope['method'][:20]} is not answered at {scope['path'][:80]}",
            scope["path"],
            advice=f"use {' or '.join(allowed)}",
            headers={"allow": ", ".join(allowed)},
        )

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            late = problem(408, f"no whole body within {BODY_SECONDS} s", scope["path"])
            await late(scope, receive, send)
            return
        if len(body) > MAX_BODY_BYTES:
            large = problem(413, f"the body is larger than {MAX_BODY_BYTES} bytes", scope["path"])
            await large(scope, receive, send)
            return
        await self._app(scope, _replaying(body, receive), send)


def _bears(given: bytes, token: bytes) -> bool:
    scheme, _, value = given.partition(b" ")
    return scheme.lower() == b"bearer" and hmac.compare_digest(value.strip(), token)


def _is_friendly(origin: bytes, host: bytes) -> bool:
    try:
        parts = urlsplit(origin.decode("ascii"))
        name = parts.hostname
    except ValueError:
        return False
    own = parts.netloc.lower().encode() == host.lower()
    return parts.scheme in ("http", "https") and (own or name in LOOPBACK_NAMES)


def _host_name(host: str) -> str:
    """Without the port; "" for what is no host."""
    match = _HOST.fullmatch(host)
    return (match[1] or match[2]).lower() if match else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def _body(receive: Receive) -> bytes:
    """The whole body, or a little more than MAX_BODY_BYTES of it."""
    body = bytearray()
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _replaying(body: bytes, receive: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay


def _hardened(send: Send) -> Send:
    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *HARDENING]
        await send(message)

    return hardened


def _bodiless(send: Send) -> Send:
    async def bodiless(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return bodiless
