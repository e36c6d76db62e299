"""The MCP server at /mcp, in both eras of the protocol, without sessions."""

import asyncio
from contextlib import suppress
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

from session_lattice import __version__
from session_lattice.reads.guard import MAX_BODY_BYTES, MCP_PATH
from session_lattice.reads.routes import Reads

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

INSTRUCTIONS = """\
What coding agents (Claude Code, Codex) did on this machine: sessions, tools, files, tokens and
cost, over all repositories. Begin with `orient`. Everything is read-only. Replies are small;
`left_out` says what is missing and how to get it."""


class Mcp:
    """The ASGI application behind /mcp.

    It is built on the first call: the SDK costs a fifth of the server's memory and half of the
    time that it takes to start, and many a server is never asked over MCP.
    """

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._building = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._building:
            if self._manager is None:
                self._manager = await self._start()
        await self._manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def _start(self) -> "StreamableHTTPSessionManager":
        manager = (await asyncio.to_thread(build, self._reads)).session_manager
        ready = asyncio.Event()
        self._running = asyncio.create_task(_run(manager, ready))
        await ready.wait()
        return manager


async def _run(manager: "StreamableHTTPSessionManager", ready: asyncio.Event) -> None:
    """Keep the manager's tasks in a task of their own, as their cancel scopes demand."""
    async with manager.run():
        ready.set()
        await asyncio.Event().wait()


def build(reads: Reads) -> "MCPServer[Any]":
    """The server with its tools."""
    from mcp.server import MCPServer
    from mcp.server.transport_security import TransportSecuritySettings
    from mcp_types import ToolAnnotations

    from session_lattice.reads.tools import Tools

    server: MCPServer[Any] = MCPServer(
        "session-lattice", version=__version__, instructions=INSTRUCTIONS, subscriptions=False
    )
    read_only = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    tools = Tools(reads)
    for tool in (
        tools.orient,
        tools.list_views,
        tools.read_view,
        tools.list_sessions,
        tools.get_session,
        tools.search,
    ):
        server.tool(description=getdoc(tool), annotations=read_only)(tool)
    # Our guard has checked Host, Origin, token and size before a request comes here.
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        stateless_http=True,
        json_response=True,
        max_request_body_size=MAX_BODY_BYTES,
        transport_security=unchecked,
    )
    return server
