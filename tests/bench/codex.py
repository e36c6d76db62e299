"""A made-up Codex CLI session: rollouts of three eras, with re-sent counts and replaying forks."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.bench.world import Repository, Transcript, World, compact, stamp

AGENT = "codex"
RESENT_SHARE = 0.38
"""Of token counts, how many come again unchanged."""

SPAWN_SHARE = 0.01
"""Of model answers, how many start a thread of its own."""

MODELS = {"gpt-5.1-codex": 40, "gpt-5.2-codex": 35, "gpt-5-codex": 25}
COUNTS = (
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
    "total_tokens",
)


@dataclass(frozen=True, slots=True)
class Era:
    """How one span of versions writes."""

    version: str
    share: int
    shell: str
    turn_ids: bool
    patch_events: bool = False
    names_fork: bool = False


ERAS = (
    Era("0.46.0", 3, "shell", turn_ids=False),
    Era("0.104.0", 3, "exec_command", turn_ids=True),
    Era("0.130.0", 4, "exec_command", turn_ids=True, patch_events=True, names_fork=True),
)


class Session:
    """One rollout being written; spawned threads become `children`, each a file of its own."""

    def __init__(
        self,
        world: World,
        era: Era,
        repo: Repository,
        start_ms: int,
        *,
        spawned_by: "Session | None" = None,
        forked_from: "Session | None" = None,
    ) -> None:
        dice = world.dice
        self.world, self.era, self.repo, self.dice = world, era, repo, dice
        self.start = start_ms
        self.file = Transcript(start_ms)
        self.thread = dice.uuid()
        self.model = dice.choices(list(MODELS), weights=list(MODELS.values()))[0]
        self.branch = dice.choice(repo.branches)
        self.focus = repo.focus(dice)
        self.context = dice.randint(9_000, 16_000)
        self.total = dict.fromkeys(COUNTS, 0)
        self.last = dict(self.total)
        self.turn_id = ""
        self.children: list[Session] = []
        self.meta(spawned_by, forked_from)
        if forked_from:
            self.replay(forked_from)

    # --- lines ---------------------------------------------------------------------------

    def line(self, kind: str, payload: dict[str, Any]) -> None:
        now = self.file.tick(self.dice.randint(20, 6_000))
        self.file.add({"timestamp": now, "type": kind, "payload": payload})

    def item(self, kind: str, **fields: Any) -> None:
        self.line("response_item", {"type": kind, **fields})

    def event(self, kind: str, **fields: Any) -> None:
        self.line("event_msg", {"type": kind, **fields})

    def meta(self, spawned_by: "Session | None", forked_from: "Session | None") -> None:
        text = self.world.text.prose(self.dice, 9_000)
        source: Any = "cli"
        if spawned_by:
            spawn = {"parent_thread_id": spawned_by.thread, "depth": 1, "agent_role": "worker"}
            source = {"subagent": {"thread_spawn": spawn}}
        payload = {
            "id": self.thread,
            "timestamp": stamp(self.start),
            "cwd": self.repo.cwd,
            "originator": "codex_cli_rs",
            "cli_version": self.era.version,
            "source": source,
            "model_provider": "openai",
            "base_instructions": {"text": text},
            "git": {
                "commit_hash": f"{self.dice.getrandbits(160):040x}",
                "branch": self.branch,
                "repository_url": self.repo.remote,
            },
        }
        if forked_from and self.era.names_fork:
            payload["forked_from_id"] = forked_from.thread
        self.line("session_meta", payload)

    def replay(self, parent: "Session") -> None:
        """The parent's first lines again, payloads unchanged, timestamps new."""
        for line in parent.file.lines[: max(2, len(parent.file.lines) * 2 // 3)]:
            told = msgspec.json.decode(line)
            now = self.file.tick(1)
            self.file.keep(compact({**told, "timestamp": now}))

    # --- a session -----------------------------------------------------------------------

    def run(self, size: int) -> "Session":
        while self.file.size < size:
            self.turn()
        return self

    def turn(self) -> None:
        dice = self.dice
        self.turn_id = dice.uuid()
        self.opening(self.world.text.prose(dice, dice.size(500, 1.0, 30_000)))
        for _ in range(dice.size(8, 0.8, 50)):
            self.step()
        said = self.world.text.prose(dice, dice.size(500, 0.9, 20_000))
        self.say(said)
        self.count()
        if self.era.turn_ids:
            self.event(
                "task_complete", turn_id=self.turn_id, last_agent_message=said, duration_ms=60_000
            )

    def opening(self, prompt: str) -> None:
        if self.era.turn_ids:
            self.event("task_started", turn_id=self.turn_id, model_context_window=258_400)
        self.context_line()
        if not self.total["total_tokens"]:
            told = f"<environment_context>\n  <cwd>{self.repo.cwd}</cwd>\n</environment_context>"
            self.message("user", "input_text", told)
        self.message("user", "input_text", prompt)
        self.event("user_message", message=prompt, images=[])

    def context_line(self) -> None:
        turn = {"turn_id": self.turn_id} if self.era.turn_ids else {}
        self.line(
            "turn_context",
            {
                **turn,
                "cwd": self.repo.cwd,
                "approval_policy": "on-request",
                "sandbox_policy": {"type": "workspace-write", "network_access": False},
                "model": self.model,
                "effort": "medium",
                "summary": "auto",
            },
        )

    def message(self, role: str, kind: str, text: str) -> None:
        self.item("message", role=role, content=[{"type": kind, "text": text}])

    def say(self, text: str) -> None:
        self.event("agent_message", message=text)
        self.message("assistant", "output_text", text)

    def step(self) -> None:
        """One answer of the model: reasoning, perhaps words, calls, outputs, its count."""
        dice, text = self.dice, self.world.text
        if dice.chance(0.6):
            self.reason()
        if dice.chance(0.35):
            self.say(text.prose(dice, dice.size(250, 0.8, 20_000)))
        if dice.chance(SPAWN_SHARE):
            self.spawn()
        elif dice.chance(0.12):
            self.patch()
        else:
            for _ in range(dice.choice((1, 1, 2))):
                self.command()
        self.count()
        if not self.era.turn_ids:
            self.context_line()

    def reason(self) -> None:
        dice, text = self.dice, self.world.text
        thought = text.prose(dice, 90)
        if not self.era.turn_ids:
            self.event("agent_reasoning", text=thought)
        self.item(
            "reasoning",
            summary=[{"type": "summary_text", "text": thought}],
            content=None,
            encrypted_content=text.blob(dice, dice.size(1_100, 0.6, 30_000)),
        )

    # --- calls ---------------------------------------------------------------------------

    def call(self, name: str, given: dict[str, Any]) -> str:
        call = self.dice.token("call_", 24)
        given_text = json.dumps(given, separators=(",", ":"))
        self.item("function_call", name=name, arguments=given_text, call_id=call)
        return call

    def command(self) -> None:
        dice = self.dice
        command = self.world.text.output(dice, dice.size(110, 0.9, 4_000))
        output = self.world.command_output(dice.size(1_100, 1.5, 300_000))
        code = 1 if dice.chance(0.07) else 0
        if self.era.shell == "shell":
            given: dict[str, Any] = {"command": ["bash", "-lc", command], "workdir": self.repo.cwd}
            metadata = {"exit_code": code, "duration_seconds": 0.4}
            shown = json.dumps({"output": output, "metadata": metadata})
        else:
            given = {"cmd": command, "workdir": self.repo.cwd, "max_output_tokens": 6_000}
            shown = (
                f"Chunk ID: {dice.getrandbits(24):06x}\nWall time: 0.0512 seconds\n"
                f"Process exited with code {code}\nOutput:\n{output}"
            )
        call = self.call(self.era.shell, given)
        self.item("function_call_output", call_id=call, output=shown)

    def patch(self) -> None:
        dice = self.dice
        path = dice.choice(self.focus)
        body = self.world.text.code(dice, dice.size(900, 1.0, 40_000))
        diff = "\n".join(f"+{row}" for row in body.split("\n"))
        call = dice.token("call_", 24)
        given = f"*** Begin Patch\n*** Update File: {path}\n@@\n{diff}\n*** End Patch"
        self.item(
            "custom_tool_call", status="completed", call_id=call, name="apply_patch", input=given
        )
        done = f"Success. Updated the following files:\nM {path}\n"
        if self.era.patch_events:
            changes = {f"{self.repo.cwd}/{path}": {"type": "update", "unified_diff": diff}}
            self.event(
                "patch_apply_end",
                call_id=call,
                turn_id=self.turn_id,
                stdout=done,
                stderr="",
                success=True,
                changes=changes,
                status="completed",
            )
        metadata = {"exit_code": 0, "duration_seconds": 0.1}
        shown = json.dumps({"output": done, "metadata": metadata})
        self.item("custom_tool_call_output", call_id=call, output=shown)

    def spawn(self) -> None:
        dice = self.dice
        prompt = self.world.text.prose(dice, 600)
        call = self.call("spawn_agent", {"message": prompt, "agent_type": "worker"})
        child = Session(self.world, self.era, self.repo, self.file.now, spawned_by=self)
        child.turn()
        self.children.append(child)
        shown = json.dumps({"agent_id": child.thread})
        self.item("function_call_output", call_id=call, output=shown)

    # --- tokens --------------------------------------------------------------------------

    def count(self) -> None:
        """The token count of one answer, entered into the ledger; sometimes sent again."""
        dice = self.dice
        cached, fresh = self.context, dice.size(700, 1.0, 40_000)
        output = dice.size(260, 1.0, 16_000)
        reasoning = output // 3
        self.context = min(cached + fresh + output, 200_000)
        values = (cached + fresh, cached, output, reasoning, cached + fresh + output)
        self.last = dict(zip(COUNTS, values, strict=True))
        self.total = {key: self.total[key] + self.last[key] for key in COUNTS}
        self.world.ledger.add(
            AGENT,
            self.model,
            input_tokens=fresh,
            output_tokens=output,
            cache_read_tokens=cached,
            reasoning_tokens=reasoning,
        )
        self.send_count()
        if dice.chance(RESENT_SHARE):
            self.send_count()

    def send_count(self) -> None:
        window = {"used_percent": self.dice.randrange(100), "window_minutes": 300}
        info = {
            "total_token_usage": self.total,
            "last_token_usage": self.last,
            "model_context_window": 258_400,
        }
        self.event("token_count", info=info, rate_limits={"primary": window, "secondary": None})

    # --- files ---------------------------------------------------------------------------

    def files(self) -> dict[str, bytes]:
        """Path below `sessions` → contents, children included."""
        when = datetime.fromtimestamp(self.start / 1000, UTC)
        name = f"rollout-{when:%Y-%m-%dT%H-%M-%S}-{self.thread}.jsonl"
        found = {f"{when:%Y/%m/%d}/{name}": b"".join(self.file.lines)}
        for child in self.children:
            found |= child.files()
        return found
