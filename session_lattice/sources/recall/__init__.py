"""An upstream recall service as a source, asked over HTTP (docs/upstream.md has the contract).

source       what changed since the last pull, as drafts and checkpoints
client       one question at a time, within limits of time, some asked again
answer       what comes back, and what is said of it when it is none
patience     how long to wait before asking again
told         records turned into drafts, where they say something new
body         an answer's records, one after the other, as its bytes arrive
records      what a record says, turned into events
checkpoints  what is remembered from one pull to the next
circuit      when an upstream that fails is asked again
"""

from session_lattice.sources.recall.client import Limits
from session_lattice.sources.recall.source import Recall

__all__ = ["Limits", "Recall"]
