"""How the index keeps a text: as it is, or smaller."""

import zstandard

PACKED_CHARS = 256
"""Shorter texts are kept as they are: packed they are hardly smaller."""

MAX_PLAIN_BYTES = 4 * 1024 * 1024
"""No text of the index is longer; what claims to be is damaged."""

LEVEL = 1
"""Of compression; the next one costs twice the time for a few percent."""


class Packing:
    """Packs and unpacks; an object of its own for each thread that does."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def packed(self, text: str) -> str | bytes:
        if len(text) < PACKED_CHARS:
            return text
        whole = text.encode()
        small = self._compressor.compress(whole)
        return small if len(small) < len(whole) else text

    def plain(self, body: str | bytes) -> str:
        """The text again. Raises ZstdError for what is damaged."""
        if isinstance(body, str):
            return body
        return self._decompressor.decompress(body, max_output_size=MAX_PLAIN_BYTES).decode()
