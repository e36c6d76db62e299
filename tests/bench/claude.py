"""A made-up Claude Code session: what five eras of the program wrote, line by line."""

import re
from typing import Any

import msgspec

from tests.bench import claude_tools as tools
from tests.bench.claude_lines import Lines

COMPACT_SHARE = 0.03
"""Of turns, how many end in a compaction."""

DELEGATE_SHARE = 0.035
"""Of model answers, how many start a subagent."""

LOST_CHILD_SHARE = 0.1
"""Of subagents whose progress is recorded, how many left no file of their own."""


class Session(Lines):
    """A session or a subagent; its own subagents become `children`, each a file of its own."""

    def __init__(self, *where: Any, parent: "Session | None" = None) -> None:
        super().__init__(*where, parent=parent)
        self.children: list[Session] = []
        self.meta: dict[str, Any] = {}
        self.kept = True

    def run(self, size: int) -> "Session":
        """Turn after turn until the file has about `size` bytes, then its title."""
        while self.file.size < size:
            self.turn()
        if not self.agent:
            self.title()
        return self

    def turn(self) -> None:
        self.opening()
        for _ in range(self.dice.size(7, 0.8, 40)):
            if self.dice.chance(DELEGATE_SHARE) and not self.agent:
                self.delegate()
            else:
                self.step()
        self.answer([self.say()], last=True)
        self.closing()
        if self.dice.chance(COMPACT_SHARE):
            self.compact()

    def opening(self) -> None:
        era, dice, text = self.era, self.dice, self.world.text
        if era.version >= "2.0" and not self.agent:
            self.snapshot()
        if dice.chance(0.05):
            self.user("<command-name>/model</command-name><command-args></command-args>")
        self.user(text.prose(dice, dice.size(300, 1.1, 30_000)))
        if era.attachments:
            reminder = {"type": "total_tokens_reminder", "used": self.context, "total": 200_000}
            self.line("attachment", attachment=reminder)

    def snapshot(self) -> None:
        now = self.file.tick(5)
        backup = {"backupFileName": "0f@v1", "version": 1, "backupTime": now}
        backups = {self.dice.choice(self.focus): backup} if self.dice.chance(0.4) else {}
        shot = {"messageId": self.dice.uuid(), "trackedFileBackups": backups, "timestamp": now}
        self.note(
            "file-history-snapshot",
            messageId=shot["messageId"],
            snapshot=shot,
            isSnapshotUpdate=False,
        )

    def closing(self) -> None:
        if self.era.version < "2.1" or self.agent:
            return
        hooks = [{"command": "scripts/on-stop.sh --format json --quiet"}]
        self.line(
            "system",
            subtype="stop_hook_summary",
            hookCount=1,
            hookInfos=hooks,
            hookErrors=[],
            preventedContinuation=False,
            stopReason="",
            hasOutput=True,
            level="suggestion",
        )
        spent = self.dice.randint(2_000, 400_000)
        self.line("system", subtype="turn_duration", durationMs=spent, isMeta=False)
        if self.era.attachments:
            self.note("last-prompt", lastPrompt="go on", leafUuid=self.leaf, sessionId=self.session)

    def title(self) -> None:
        title = self.world.text.prose(self.dice, 48)
        if self.era.titles == "summary":
            self.note("summary", summary=title, leafUuid=self.leaf)
        else:
            self.note("ai-title", aiTitle=title, sessionId=self.session)

    def compact(self) -> None:
        before, self.leaf = self.leaf, None
        self.line(
            "system",
            logicalParentUuid=before,
            subtype="compact_boundary",
            level="info",
            content="Conversation compacted",
            isMeta=False,
            compactMetadata={"trigger": "auto", "preTokens": self.context},
        )
        self.context = 15_000
        summary = self.world.text.prose(self.dice, self.dice.size(9_000, 0.5, 40_000))
        said = f"This session is being continued from a previous conversation. {summary}"
        self.user(said, isCompactSummary=True, isVisibleInTranscriptOnly=True)

    # --- answers -------------------------------------------------------------------------

    def say(self) -> dict[str, Any]:
        return {"type": "text", "text": tools.reply(self.dice, self.world)}

    def think(self) -> dict[str, Any]:
        dice, text = self.dice, self.world.text
        signature = text.blob(dice, dice.size(700, 0.8, 20_000))
        return {
            "type": "thinking",
            "thinking": text.prose(dice, dice.size(420, 1.0, 20_000)),
            "signature": signature,
        }

    def step(self) -> None:
        """Thought, words, one to four calls, then their results in any order."""
        dice = self.dice
        blocks = [
            make() for make, share in ((self.think, 0.55), (self.say, 0.35)) if dice.chance(share)
        ]
        calls = [
            tools.draw(self.world, self.repo, self.focus)
            for _ in range(dice.choice((1, 1, 1, 1, 2, 4)))
        ]
        ids = [dice.token("toolu_01", 22) for _ in calls]
        uses = [
            {"type": "tool_use", "id": use, "name": call.name, "input": call.input}
            for use, call in zip(ids, calls, strict=True)
        ]
        sources = self.answer([*blocks, *uses])[len(blocks) :]
        returned = list(zip(calls, ids, sources, strict=True))
        dice.shuffle(returned)
        for call, use, source in returned:
            self.progress(use)
            self.result(use, source, call)

    def result(self, use: str, source: str, call: tools.Call) -> None:
        block = {"tool_use_id": use, "type": "tool_result", "content": call.content}
        if call.failed or call.name == "Bash":
            block["is_error"] = call.failed
        extra = {"sourceToolAssistantUUID": source} if self.era.version >= "2.1" else {}
        self.user([block], toolUseResult=call.detail, **extra)

    def progress(self, use: str) -> None:
        """What some versions tell while a call runs: hooks, and a command's output so far."""
        if not self.era.progress or self.agent:
            return
        hook: dict[str, Any] = {
            "type": "hook_progress",
            "hookEvent": "PostToolUse",
            "hookName": "PostToolUse:check",
            "command": "scripts/on-tool.sh --format json --quiet",
        }
        told = [hook]
        for _ in range(self.dice.choice((0, 0, 1, 2))):
            output = self.world.text.output(self.dice, self.dice.size(300, 1.2, 20_000))
            told.append(
                {
                    "type": "bash_progress",
                    "output": output[-400:],
                    "fullOutput": output,
                    "elapsedTimeSeconds": 3,
                    "totalLines": output.count("\n"),
                }
            )
        for data in told:
            self.line("progress", data=data, toolUseID=f"progress-{use[-6:]}", parentToolUseID=use)

    # --- subagents -----------------------------------------------------------------------

    def delegate(self) -> None:
        """Start a subagent, let it work, take its report."""
        dice = self.dice
        name, given = tools.spawn(self.world, newer=self.era.attachments)
        use = dice.token("toolu_01", 22)
        block = {"type": "tool_use", "id": use, "name": name, "input": given}
        source = self.answer([block])[0]
        child = Session(self.world, self.era, self.repo, self.file.now, parent=self)
        child.model = self.model if dice.chance(0.5) else child.model
        child.user(given["prompt"])
        for _ in range(dice.size(6, 0.7, 30)):
            child.step()
        child.answer([child.say()], last=True)
        self.adopt(child, use, given)
        self.file.now = child.file.now
        self.report(child, use, source, given)

    def adopt(self, child: "Session", use: str, given: dict[str, Any]) -> None:
        if self.era.subagents == "inline":
            for line in child.file.lines:
                self.file.keep(line)
            return
        child.meta = {"agentType": given["subagent_type"], "description": given["description"]}
        if self.era.meta_names_call:
            child.meta |= {"toolUseId": use, "spawnDepth": 1}
        if self.era.progress:
            child.kept = not self.dice.chance(LOST_CHILD_SHARE)
            self.relay(child, use, given["prompt"])
        self.children.append(child)

    def relay(self, child: "Session", use: str, prompt: str) -> None:
        """Progress lines that hold the child's own lines: all of them when its file is lost."""
        lines = child.file.lines if not child.kept else child.file.lines[:8]
        for line in lines:
            told = msgspec.json.decode(line)
            keys = ("type", "message", "requestId", "uuid", "timestamp")
            data = {
                "message": {key: told[key] for key in keys if key in told},
                "normalizedMessages": [],
                "type": "agent_progress",
                "prompt": prompt,
                "agentId": child.agent,
            }
            self.line(
                "progress", data=data, toolUseID=f"agent_{told['uuid'][:8]}", parentToolUseID=use
            )

    def report(self, child: "Session", use: str, source: str, given: dict[str, Any]) -> None:
        content = [self.say()]
        detail = {
            "status": "completed",
            "prompt": given["prompt"],
            "agentId": child.agent,
            "content": content,
            "totalDurationMs": 60_000,
            "totalTokens": child.context,
            "totalToolUseCount": 6,
        }
        self.result(use, source, tools.Call("Task", given, content, detail))

    # --- files ---------------------------------------------------------------------------

    def resume_as_copy(self) -> "Session":
        """A session in a new file that starts with this one's lines, as older versions did."""
        other = Session(self.world, self.era, self.repo, self.file.now + 3_600_000)
        for line in self.file.lines[: len(self.file.lines) // 2]:
            other.file.keep(line)
        return other

    def files(self) -> dict[str, bytes]:
        """Path below `projects` → contents, children and their notes included."""
        slug = re.sub(r"[^A-Za-z0-9]", "-", self.repo.cwd)
        found = {f"{slug}/{self.session}.jsonl": b"".join(self.file.lines)}
        nested = self.era.subagents == "nested"
        folder = f"{slug}/{self.session}/subagents" if nested else slug
        for child in self.children:
            if child.kept:
                found[f"{folder}/agent-{child.agent}.jsonl"] = b"".join(child.file.lines)
            if nested and child.kept:
                found[f"{folder}/agent-{child.agent}.meta.json"] = msgspec.json.encode(child.meta)
        return found
