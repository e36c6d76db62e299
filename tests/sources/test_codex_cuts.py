"""However a rollout grows, breaks off and is read, its events come out the same, once."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from session_lattice.events import CheckoutObserved, Draft, TranscriptChanged
from session_lattice.sources.codex import Codex
from tests.sources.rollouts import CHILD, EARLY_TURN, LATE_TURN, Rollout
from tests.sources.samples import encode, pull

PATCH = "*** Begin Patch\n*** Update File: map.py\n*** Move to: moon.py\n*** End Patch"


def long_session() -> Rollout:
    """Every kind of state that a parser carries from line to line."""
    talk = Rollout()
    talk.meta()
    for number in range(3):
        talk.turn(EARLY_TURN if number else None, model=f"gpt-5.{number}", cwd=f"/srv/{number}")
        talk.prompt("yes")
        talk.event("item_completed", item={"type": "UserMessage", "content": [{"text": "yes"}]})
        talk.step *= number % 2
        talk.event("user_message", message="yes")
        talk.call("spawn_agent", {"message": "look", "agent_type": "explorer"}, f"spawn_{number}")
        talk.item("custom_tool_call", name="apply_patch", call_id=f"p{number}", input=PATCH)
        talk.output(f'{{"agent_id":"{CHILD}{number}"}}', f"spawn_{number}")
        talk.count(1000 + number, 600, 50)
        talk.count(again=True)
        talk.line("compacted", {"message": "é" * 40})
        talk.say("It is high.")
        talk.say("It is high.")
        talk.step = Rollout().step
    talk.reset()
    talk.count(10, 0, 1)
    talk.meta(cli_version="0.143.0")
    used = {"input_tokens": 5, "output_tokens": 5}
    talk.line("token_usage_record", {"response_id": "resp_1", "usage": used})
    talk.lines.append({"type": "event_msg", "payload": {"type": "user_message", "message": "late"}})
    return talk


def fork_of(parent: Rollout) -> Rollout:
    child = Rollout(CHILD)
    child.meta(forked_from_id=parent.thread)
    child.copy(parent)
    child.turn(LATE_TURN)
    child.prompt("and the moon?")
    child.say("It is full.")
    child.count(77, 0, 0)
    return child


PARENT = long_session()
FORK = fork_of(PARENT)
FILES = (PARENT, FORK)


class Reader:
    """A source over one root whose checkpoints survive a restart."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log: dict[str, bytes] = {}
        self.drafts: list[Draft] = []
        self.source = Codex(root)

    def pull(self) -> None:
        self.source.pending()
        for batch in self.source.batches():
            self.drafts += batch.drafts
            for path, checkpoint in batch.checkpoints.items():
                if checkpoint is None:
                    self.log.pop(path, None)
                else:
                    self.log[path] = checkpoint

    def restart(self) -> None:
        self.source = Codex(self.root)
        self.source.load(self.log)


def events(drafts: list[Draft]) -> dict[str, object]:
    found: dict[str, object] = {}
    for draft in drafts:
        if not isinstance(draft.event, TranscriptChanged):
            assert found.setdefault(draft.key, draft.event) == draft.event
    return found


def repeated(drafts: list[Draft]) -> list[str]:
    told = (d.key for d in drafts if not isinstance(d.event, CheckoutObserved))
    return [key for key, count in Counter(told).items() if count > 1]


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.integers(1, 4000), st.booleans()), max_size=12
)


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_a_rollout_read_in_pieces_tells_what_it_tells_at_once(
    steps: list[tuple[int, int, bool]],
) -> None:
    with TemporaryDirectory() as directory:
        root = Path(directory)
        paths = [talk.put(root) for talk in FILES]
        whole = events(pull(Codex(root)))
        ends = [len(FILES[0].data), 0]
        reader = Reader(root)
        for number, more, restart in [*steps, (0, 10**6, False), (1, 10**6, True)]:
            ends[number] += more
            for path, talk, end in zip(paths, FILES, ends, strict=True):
                path.write_bytes(talk.data[:end])
            if restart:
                reader.restart()
            reader.pull()
        assert events(reader.drafts) == whole
        assert repeated(reader.drafts) == []


@settings(deadline=None, max_examples=40)
@given(cuts=st.lists(st.integers(0, len(PARENT.data)), min_size=1, max_size=6))
def test_a_rollout_that_is_cut_off_and_written_again_tells_nothing_else(cuts: list[int]) -> None:
    with TemporaryDirectory() as directory:
        root = Path(directory)
        path = PARENT.put(root)
        whole = events(pull(Codex(root)))
        reader = Reader(root)
        for end in [*cuts, len(PARENT.data)]:
            path.write_bytes(PARENT.data[:end])
            reader.pull()
        assert events(reader.drafts) == whole


@settings(deadline=None, max_examples=40)
@given(
    broken=st.lists(
        st.tuples(st.integers(0, len(PARENT.lines)), st.binary(min_size=1, max_size=40)), max_size=8
    )
)
def test_broken_lines_cost_only_themselves(broken: list[tuple[int, bytes]]) -> None:
    with TemporaryDirectory() as directory:
        root = Path(directory)
        path = PARENT.put(root)
        whole = {key for key in events(pull(Codex(root))) if "/line" not in key}
        lines = [encode([line]) for line in PARENT.lines]
        for place, junk in sorted(broken, reverse=True):
            lines.insert(place, junk.replace(b"\n", b" ") + b"\n")
        path.write_bytes(b"".join(lines))
        assert whole <= events(pull(Codex(root))).keys()
