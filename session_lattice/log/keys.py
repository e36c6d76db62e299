"""What is kept of an event's key for ever: 64 bits of a hash."""

import struct
from collections.abc import Sequence
from hashlib import blake2b

from session_lattice.log.base import Encoded

HASH_BYTES = 8


def key_hashes(events: Sequence[Encoded]) -> Sequence[int]:
    """A signed integer for each; two of n keys collide with a chance of about n² / 2⁶⁵."""
    keys = [event.key.encode("utf-8", "surrogatepass") for event in events]
    digests = b"".join([blake2b(key, digest_size=HASH_BYTES).digest() for key in keys])
    return struct.unpack(f"<{len(events)}q", digests)
