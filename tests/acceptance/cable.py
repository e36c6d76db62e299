"""A network between a client and a server that a test can stall, cut and mend."""

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType

PIECE_BYTES = 65536
_ABORT = struct.pack("ii", 1, 0)


class Cable:
    """Forwards what comes to its `port` to `target`; a context manager."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._flowing = threading.Event()
        self._flowing.set()
        self._broken = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="cable")]

    def stall(self) -> None:
        """Nothing arrives any more, and nobody is told."""
        self._flowing.clear()

    def cut(self) -> None:
        """Every connection is reset, and none can be made."""
        with self._lock:
            self._broken = True
            for end in self._sockets:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                    end.shutdown(socket.SHUT_RDWR)
        self._flowing.set()

    def mend(self) -> None:
        self._broken = False
        self._flowing.set()

    def __enter__(self) -> "Cable":
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._flowing.wait()
            self._join(near)

    def _join(self, near: socket.socket) -> None:
        with self._lock:
            if self._broken:
                near.close()
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                return
            self._sockets += (near, far)
        both = threading.Barrier(2)
        for source, sink in ((near, far), (far, near)):
            thread = threading.Thread(target=self._pump, args=(source, sink, both), name="cable")
            self._threads.append(thread)
            thread.start()

    def _pump(self, source: socket.socket, sink: socket.socket, both: threading.Barrier) -> None:
        """Each direction ends the other; whoever ends last closes both."""
        with suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                self._flowing.wait()
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        both.wait()
        source.close()
