"""A home with generations made by the real store from rows that the tests write."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from session_lattice.home import Home
from session_lattice.store.database import Database
from session_lattice.store.generations import Generation
from session_lattice.store.lattice import Lattice
from session_lattice.store.publish import Publisher, Stamp

FIRST = datetime(2026, 3, 1, 9, 0, 0)
AGENTS = ("claude_code", "codex")
TOOLS = ("Bash", "Edit", "Read", "Grep")
MODELS = ("claude-opus-4-6", "gpt-5.3-codex", "experimental-model")
EPOCH = "e1"


@dataclass
class World:
    """`sessions` made-up sessions; `add` makes more, `publish` freezes what there is."""

    home: Home
    database: Database
    lattice: Lattice
    publisher: Publisher
    sessions: int = 0
    position: int = 0

    @classmethod
    def create(cls, root: Path, sessions: int = 3) -> "World":
        home = Home(root)
        home.create()
        database = Database(home)
        world = cls(home, database, Lattice(database, home, 60.0), Publisher(database, home))
        database.run("INSERT INTO applied VALUES ($epoch, 0)", {"epoch": EPOCH})
        world.add(sessions)
        return world

    def add(self, count: int) -> None:
        """Sessions that differ in agent, repository, branch, tools, cost and time."""
        self.position += count
        with self.database.transaction():
            for number in range(self.sessions, self.sessions + count):
                self._add_one(number)
            self.sessions += count
            self.database.run("UPDATE applied SET position = $n", {"n": self.position})

    def add_told(self, uuid: str, **told: Any) -> str:
        """A session that only an upstream tells of; `told` replaces columns of its report."""
        session = f"claude_code/{uuid}"
        self.position += 1
        key = {"session": session, "agent": "claude_code"}
        self._insert("sessions", **key, id=uuid, title_rank=0, transcript="unread", sample=False)
        report = {
            "upstream": "http://127.0.0.1:7777",
            "path": f"/far/{uuid}.jsonl",
            "cwd": "/far/repo",
            "branch": "far",
            "started_at": FIRST - timedelta(days=2),
            "ended_at": FIRST - timedelta(days=2) + timedelta(hours=1),
            "last_prompt": "mend the pump",
            "models": ["claude-opus-4-6"],
            **told,
        }
        counts = dict.fromkeys(("messages", "sidechain_messages"), 0)
        said = {"user_messages": 4, "assistant_messages": 5, "tools_used": ["Bash"]}
        tokens = dict.fromkeys(("cache_write_tokens", "cache_read_tokens"), 0)
        used = {"day": FIRST.date(), "input_tokens": 100, "output_tokens": 20, **tokens}
        self._insert("reports", **key, id=uuid, **report, **counts, **said, **used)
        self._insert("reported_usage", **key, model="claude-opus-4-6", **used)
        self._insert("reported_tools", session=session, tool="Bash", calls=6, errors=2)
        link = {"repo": "/far/linked", "name": "linked", "upstream": report["upstream"]}
        self._insert("session_repos", session=session, **link)
        self.database.run("UPDATE applied SET position = $n", {"n": self.position})
        return session

    def add_to_overview(self) -> int:
        """One more row in that view alone, which is quick; how many there are now."""
        count: int = self.database.value("SELECT count(*) FROM session_overview")
        self.database.run(
            "INSERT INTO session_overview"
            " SELECT * REPLACE ($session AS session) FROM session_overview LIMIT 1",
            {"session": f"codex/added-{count}"},
        )
        return count + 1

    def publish(self, *, sample: bool = False, refresh: bool = True) -> Generation:
        if refresh:
            self.lattice.load()
            self.lattice.refresh()
        stamp = Stamp("p1", "embedded", "1", sample, self.sessions)
        return self.publisher.publish(stamp)

    def publish_aged(self, hours: int) -> Generation:
        """A generation that says that it was published some hours ago."""
        generation = self.publish(refresh=False)
        generation.path.chmod(0o600)
        with duckdb.connect(str(generation.path)) as connection:
            connection.execute(
                f"UPDATE stamp SET published_at = published_at - INTERVAL {hours} HOUR"
            )
        generation.path.chmod(0o400)
        return generation

    def close(self) -> None:
        self.database.close()

    def _insert(self, table: str, **row: Any) -> None:
        names = ", ".join(row)
        values = ", ".join(f"${name}" for name in row)
        row_and_origin = {**row, "origin": "here", "changed": self.position}
        self.database.run(
            f"INSERT INTO {table} ({names}, origin, changed) VALUES ({values}, $origin, $changed)",
            row_and_origin,
        )

    def _add_one(self, number: int) -> None:
        agent = AGENTS[number % 2]
        uuid = f"{number:08x}-0000-4000-8000-{number:012x}"
        session = f"{agent}/{uuid}"
        begun = FIRST + timedelta(hours=number, microseconds=number * 7)
        cwd, branch = f"/src/repo{number % 3}", (f"branch-{number % 2}" if number % 5 else None)
        self._insert(
            "sessions",
            session=session,
            agent=agent,
            id=uuid,
            title=f"Session “{number}”, with a comma" if number % 4 else None,
            title_rank=1,
            path=f"/transcripts/{uuid}.jsonl",
            transcript="present",
            cwd=cwd,
            branch=branch,
            sample=False,
            started_at=begun,
            ended_at=begun + timedelta(minutes=number + 1),
        )
        self._checkout(cwd)
        self._work(session, number, begun, cwd, branch)

    def _checkout(self, cwd: str) -> None:
        if not self.database.value("SELECT 1 FROM checkouts WHERE cwd = $cwd", {"cwd": cwd}):
            self._insert("checkouts", cwd=cwd, repo=cwd, worktree=cwd, evidence="git")

    def _work(
        self, session: str, number: int, begun: datetime, cwd: str, branch: str | None
    ) -> None:
        place = {"session": session, "subagent": "", "cwd": cwd, "branch": branch}
        for turn in range(number % 4 + 2):
            ts = begun + timedelta(seconds=turn)
            text = f"turn {turn} of {number}: naïve café"
            self._insert(
                "messages",
                **place,
                message=f"m{turn}",
                ts=ts,
                role="assistant" if turn % 2 else "user",
                kind="reply" if turn % 2 else "prompt",
                text=text,
                text_bytes=len(text.encode()),
            )
            tool = TOOLS[(number + turn) % len(TOOLS)]
            self._insert(
                "tool_calls",
                **place,
                call=f"c{turn}",
                name=tool,
                input='{"path": "a.py"}',
                input_bytes=16,
                called_at=ts,
                returned_at=ts + timedelta(seconds=1),
                ok=bool((number + turn) % 3),
                duration_ms=1000,
                output="done",
                output_bytes=4,
            )
            self._insert(
                "file_touches",
                **place,
                call=f"c{turn}",
                path=f"{cwd}/src/file{turn}.py",
                action="edit" if tool == "Edit" else "read",
                ts=ts,
                succeeded=True,
            )
            self._respond(place, number, turn, ts)

    def _respond(self, place: dict[str, Any], number: int, turn: int, ts: datetime) -> None:
        model = MODELS[number % 3]
        self._insert(
            "responses",
            **place,
            response=f"r{number}.{turn}",
            agent=place["session"].split("/")[0],
            ts=ts,
            day=ts.date(),
            model=model,
            speed="",
            input_tokens=10 * number,
            output_tokens=turn,
            cache_write_tokens=1,
            cache_write_1h_tokens=0,
            cache_read_tokens=2,
            reasoning_tokens=0,
            cost_microdollars=None if model == "experimental-model" else 100 * number + turn,
            cost_source=None if model == "experimental-model" else "list prices",
        )


def truncate(generation: Generation, size: int) -> None:
    """What a hand or a full disk may do to a file that nobody should touch."""
    generation.path.chmod(0o600)
    os.truncate(generation.path, size)
