"""What uvicorn needs to know of streams: how to cut one off, and to end them all before it ends."""

import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from session_lattice.reads.stream.stream import METHOD, TRANSPORT, Stream


class StreamProtocol(HttpToolsProtocol):
    """Tells the application the connection's transport, and the method as it was sent."""

    def on_headers_complete(self) -> None:
        extensions: Any = {TRANSPORT: self.transport, METHOD: self.parser.get_method()}
        self.scope["extensions"] = extensions
        super().on_headers_complete()


class StreamServer(uvicorn.Server):
    """Ends the streams first: they would last for as long as their clients wish."""

    def __init__(self, config: uvicorn.Config, stream: Stream) -> None:
        super().__init__(config)
        self._stream = stream

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._stream.end()
        await super().shutdown(sockets)
