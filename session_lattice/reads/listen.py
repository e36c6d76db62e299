"""The address that a server answers at."""

import socket

from session_lattice.config import Settings
from session_lattice.errors import LatticeError


def listen(settings: Settings, backlog: int) -> socket.socket:
    """A socket that is bound and listens; `backlog` connections wait to be accepted.

    Raises LatticeError if the address is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise LatticeError(
            f"{settings.host} port {settings.port} cannot be served on: {error.strerror}",
            hint="stop what listens there, or choose another with --port",
        ) from error
    listener.listen(backlog)
    return listener
