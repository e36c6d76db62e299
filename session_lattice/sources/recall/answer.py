"""An answer of a recall service, and what is said of one that is none."""

from collections.abc import Iterator

import httpx2

from session_lattice.errors import UpstreamError

CHUNK_BYTES = 128 * 1024
"""Of an answer that are taken at once."""

NOT_MODIFIED = 304


class Answer:
    """An answer whose body is still to come. `changed` is False when it is what we have."""

    def __init__(self, response: httpx2.Response, shown: str) -> None:
        self._response = response
        self.shown = shown
        self.changed = response.status_code != NOT_MODIFIED
        self.etag: str = response.headers.get("etag", "")

    @property
    def kind(self) -> str:
        """The content type without parameters, in lower case; empty when none is named."""
        named: str = self._response.headers.get("content-type", "")
        return named.partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        return self.kind == "application/json" or self.kind.endswith("+json")

    @property
    def encoding(self) -> str:
        """How the bytes are packed: "" for not at all."""
        named: str = self._response.headers.get("content-encoding", "")
        return "" if named == "identity" else named.lower()

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, packed as it is."""
        return self._response.iter_raw(CHUNK_BYTES)

    def close(self) -> None:
        self._response.close()


def wrong(
    where: str, says: str, *, transient: bool = False, wait: float | None = None, hint: str = ""
) -> UpstreamError:
    """The error of the service at `where`, which `says` what is wrong with it."""
    return UpstreamError(
        f"the recall service at {where} {says}",
        hint=hint or "it is asked again by itself, and what it told so far stays",
        transient=transient,
        retry_after_seconds=wait,
    )
