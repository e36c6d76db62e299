"""The lines of a made-up Claude Code file: common fields, answers of the model, their usage."""

from dataclasses import dataclass
from typing import Any

from tests.bench.claude_eras import MODELS, Era
from tests.bench.world import Repository, Transcript, World

AGENT = "claude_code"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the model's API, which is several lines of the file."""

    message: str
    request: str | None
    usage: dict[str, Any]


class Lines:
    """One file being written; `agent` is the subagent's id, "" on the main thread."""

    def __init__(
        self,
        world: World,
        era: Era,
        repo: Repository,
        start_ms: int,
        *,
        parent: "Lines | None" = None,
    ) -> None:
        dice = world.dice
        self.world, self.era, self.repo, self.dice = world, era, repo, dice
        self.file = Transcript(start_ms)
        self.session: str = parent.session if parent else dice.uuid()
        self.agent = f"{dice.getrandbits(32):08x}" if parent else ""
        self.model = dice.choices(list(MODELS), weights=list(MODELS.values()))[0]
        self.branch = dice.choice(repo.branches)
        self.focus = repo.focus(dice)
        self.context = dice.randint(9_000, 20_000)
        self.leaf: str | None = None

    def line(self, kind: str, **fields: Any) -> str:
        """Append a line that carries the common fields; returns its uuid."""
        uuid = self.dice.uuid()
        self.file.add(
            {
                "parentUuid": self.leaf,
                "isSidechain": bool(self.agent),
                "userType": "external",
                "cwd": self.repo.cwd,
                "sessionId": self.session,
                "version": self.era.version,
                "gitBranch": self.branch,
                **(
                    {"agentId": self.agent} if self.agent and self.era.subagents != "inline" else {}
                ),
                "type": kind,
                **fields,
                "uuid": uuid,
                "timestamp": self.file.tick(self.dice.randint(20, 9_000)),
            }
        )
        self.leaf = uuid
        return uuid

    def note(self, kind: str, **fields: Any) -> None:
        """Append a line of a type that has no uuid and no parent."""
        self.file.add({"type": kind, **fields})

    def user(self, content: Any, **fields: Any) -> str:
        return self.line("user", message={"role": "user", "content": content}, **fields)

    def answer(self, blocks: list[dict[str, Any]], *, last: bool = False) -> list[str]:
        """One API message as one line per block; counted once. Returns the lines' uuids."""
        answer = self.spend()
        growing = len(blocks) > 1 and self.dice.chance(self.era.placeholders)
        uuids = []
        for index, block in enumerate(blocks):
            final = index == len(blocks) - 1
            usage = answer.usage
            if growing and not final:
                usage = {**usage, "output_tokens": min(index + 1, usage["output_tokens"])}
            stop = "end_turn" if last else "tool_use"
            shown = self.era.stops == "all" or (self.era.stops == "last" and final)
            uuids.append(self.assistant(answer, block, usage, stop if shown else None))
        return uuids

    def assistant(
        self, answer: Answer, block: dict[str, Any], usage: dict[str, Any], stop: str | None
    ) -> str:
        message = {
            "model": self.model,
            "id": answer.message,
            "type": "message",
            "role": "assistant",
            "content": [block],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        }
        request = {"requestId": answer.request} if answer.request else {}
        return self.line("assistant", message=message, **request)

    def spend(self) -> Answer:
        """Tokens of the next answer, entered into the ledger."""
        dice = self.dice
        fresh, wrote = dice.randint(1, 12), dice.size(900, 1.0, 60_000)
        output, read = dice.size(220, 1.1, 16_000), self.context
        self.context = min(self.context + wrote + output, 180_000)
        hour = wrote if self.era.attachments else 0
        self.world.ledger.add(
            AGENT,
            self.model,
            input_tokens=fresh,
            output_tokens=output,
            cache_write_tokens=wrote,
            cache_read_tokens=read,
        )
        foreign = self.model.startswith("glm")
        usage = {
            "input_tokens": fresh,
            "cache_creation_input_tokens": wrote,
            "cache_read_input_tokens": read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": wrote - hour,
                "ephemeral_1h_input_tokens": hour,
            },
            "output_tokens": output,
            "service_tier": "standard",
        }
        message = dice.uuid() if foreign else dice.token("msg_01", 22)
        return Answer(message, None if foreign else dice.token("req_01", 22), usage)
