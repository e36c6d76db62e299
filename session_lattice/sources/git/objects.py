"""Trees and blobs of one repository, the ones met last kept: the next commit shares most of them.

Of libgit2 only its reading of objects is used. Its own comparison of two trees takes twice the
time, because it forgets each tree when it is done.
"""

import re
from collections import OrderedDict

import pygit2
from pygit2 import Oid
from pygit2.enums import FileMode

BLOB_BYTES = 1024 * 1024
"""Of a larger file no lines are counted: it is data."""

CACHED_BYTES = 48 * 1024 * 1024
"""Of blobs that are kept."""

CACHED_OBJECTS = 8_192
"""Trees that are kept at most, and blobs."""

CACHED_TREE_ENTRIES = 400_000
"""Of trees that are kept, all together."""

Entry = tuple[bytes, bytes, bytes]
"""Of a tree: mode in octal, name, hash."""

_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)


class Objects:
    """Looks objects up by their raw hashes. Raises one of repository.ERRORS for a missing one."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self.repository = repository
        self._odb = repository.odb
        self._trees: OrderedDict[bytes, frozenset[Entry]] = OrderedDict()
        self._blobs: OrderedDict[bytes, pygit2.Blob | None] = OrderedDict()
        self._entries = 0
        self._bytes = 0

    def tree(self, sha: bytes) -> frozenset[Entry]:
        """What a tree holds; nothing for an empty hash."""
        if not sha:
            return frozenset()
        found = self._trees.get(sha)
        if found is None:
            found = frozenset(_ENTRY.findall(self._odb.read(Oid(raw=sha))[1]))
            self._trees[sha] = found
            self._entries += len(found)
            while len(self._trees) > CACHED_OBJECTS or self._entries > CACHED_TREE_ENTRIES:
                self._entries -= len(self._trees.popitem(last=False)[1])
        return found

    def blob(self, sha: bytes) -> pygit2.Blob | None:
        """A file's content; None for one that is too large to look into."""
        if sha in self._blobs:
            self._blobs.move_to_end(sha)
            return self._blobs[sha]
        blob = self._read(sha)
        self._blobs[sha] = blob
        self._bytes += blob.size if blob else 0
        while len(self._blobs) > CACHED_OBJECTS or self._bytes > CACHED_BYTES:
            gone = self._blobs.popitem(last=False)[1]
            self._bytes -= gone.size if gone else 0
        return blob

    def _read(self, sha: bytes) -> pygit2.Blob | None:
        oid = Oid(raw=sha)
        blob = self.repository[oid] if self._odb.read_header(oid)[1] <= BLOB_BYTES else None
        return blob if isinstance(blob, pygit2.Blob) else None


def is_tree(entry: Entry | None) -> bool:
    return entry is not None and int(entry[0], 8) == FileMode.TREE
