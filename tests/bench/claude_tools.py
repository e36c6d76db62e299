"""Tool calls as Claude Code records them: the call's input, the result block, the detail."""

from dataclasses import dataclass
from typing import Any

from tests.bench.world import Dice, Repository, World

LARGEST_TEXT = 400_000
IMAGE_SHARE = 1 / 250
"""Of files read, how many are images, kept in base64 twice in one line."""

WEIGHTS = {
    "Bash": 32,
    "Read": 23,
    "Edit": 22,
    "Grep": 11,
    "TodoWrite": 5,
    "Glob": 4,
    "Write": 3,
    "mcp": 2,
}


@dataclass(frozen=True, slots=True)
class Call:
    """`detail` is the line's `toolUseResult`; a call that `failed` has is_error true."""

    name: str
    input: dict[str, Any]
    content: Any
    detail: Any
    failed: bool = False


def draw(world: World, repo: Repository, focus: tuple[str, ...]) -> Call:
    """One tool call with its result, in recorded proportions."""
    name = world.dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
    if name == "Bash":
        return _bash(world)
    maker = {"Read": _read, "Edit": _edit, "Grep": _grep, "Glob": _glob, "Write": _write}.get(name)
    if maker:
        return maker(world, world.dice.choice(focus), repo)
    return _todo(world) if name == "TodoWrite" else _mcp(world)


def _bash(world: World) -> Call:
    dice, text = world.dice, world.text
    command = text.output(dice, dice.size(90, 0.9, 4_000))
    output = world.command_output(dice.size(520, 1.6, LARGEST_TEXT))
    given = {"command": command, "description": text.prose(dice, 40), "timeout": 120_000}
    if dice.chance(0.08):
        return Call("Bash", given, f"Exit code 1\n{output}", f"Error: Exit code 1\n{output}", True)
    detail = {"stdout": output, "stderr": "", "interrupted": False, "isImage": False}
    return Call("Bash", given, output, detail)


def _read(world: World, path: str, repo: Repository) -> Call:
    """The whole file, or a part of it, with line numbers for the model."""
    dice, full = world.dice, f"{repo.cwd}/{path}"
    if dice.chance(IMAGE_SHARE):
        return _image(world, full)
    every = repo.bodies[path].split("\n")
    first, count = (0, len(every)) if dice.chance(0.6) else (dice.randrange(len(every)), 80)
    rows = every[first : first + count]
    numbered = "\n".join(f"{n:>6}→{row}" for n, row in enumerate(rows, first + 1))
    file = {
        "filePath": full,
        "content": "\n".join(rows),
        "numLines": len(rows),
        "startLine": first + 1,
        "totalLines": len(every),
    }
    return Call("Read", {"file_path": full}, numbered, {"type": "text", "file": file})


def _image(world: World, path: str) -> Call:
    data = world.text.blob(world.dice, world.dice.size(150_000, 1.2, 1_000_000))
    source = {"type": "base64", "data": data, "media_type": "image/png"}
    detail = {
        "type": "image",
        "file": {"base64": data, "type": "image/png", "originalSize": len(data)},
    }
    path = path.rsplit(".", 1)[0] + ".png"
    return Call("Read", {"file_path": path}, [{"type": "image", "source": source}], detail)


def _edit(world: World, path: str, repo: Repository) -> Call:
    dice, text, body = world.dice, world.text, repo.bodies[path]
    path = f"{repo.cwd}/{path}"
    start = dice.randrange(len(body))
    old = body[start : start + dice.size(260, 0.9, 8_000)]
    new = text.code(dice, dice.size(420, 0.9, 8_000))
    given = {"file_path": path, "old_string": old, "new_string": new, "replace_all": False}
    if dice.chance(0.05):
        why = "<tool_use_error>String to replace not found in file.</tool_use_error>"
        return Call("Edit", given, why, f"Error: {why[16:-17]}", True)
    detail = {
        "filePath": path,
        "oldString": old,
        "newString": new,
        "originalFile": body,
        "structuredPatch": _patch(old, new),
        "userModified": False,
        "replaceAll": False,
    }
    return Call("Edit", given, f"The file {path} has been updated successfully.", detail)


def _patch(old: str, new: str) -> list[dict[str, Any]]:
    before, after = old.split("\n"), new.split("\n")
    lines = [*(f"-{row}" for row in before), *(f"+{row}" for row in after)]
    return [
        {
            "oldStart": 40,
            "oldLines": len(before),
            "newStart": 40,
            "newLines": len(after),
            "lines": lines,
        }
    ]


def _write(world: World, path: str, repo: Repository) -> Call:
    path, body = f"{repo.cwd}/{path}", repo.bodies[path]
    detail: dict[str, Any] = {
        "type": "create",
        "filePath": path,
        "content": body,
        "structuredPatch": [],
        "originalFile": None,
    }
    given = {"file_path": path, "content": body}
    return Call("Write", given, f"File created successfully at: {path}", detail)


def _grep(world: World, _path: str, repo: Repository) -> Call:
    dice = world.dice
    given = {"pattern": world.text.name(dice), "path": repo.cwd, "output_mode": "content"}
    content = world.text.output(dice, dice.size(600, 1.2, 40_000))
    detail: dict[str, Any] = {
        "mode": "content",
        "numFiles": 0,
        "filenames": [],
        "content": content,
        "numLines": content.count("\n"),
    }
    return Call("Grep", given, content, detail)


def _glob(world: World, _path: str, repo: Repository) -> Call:
    names = [f"{repo.cwd}/{name}" for name in world.dice.sample(list(repo.bodies), 12)]
    detail = {"filenames": names, "durationMs": 12, "numFiles": len(names), "truncated": False}
    return Call("Glob", {"pattern": "**/*.py"}, "\n".join(names), detail)


def _todo(world: World) -> Call:
    dice, text = world.dice, world.text
    todos = [
        {"content": text.prose(dice, 60), "status": "pending", "activeForm": text.prose(dice, 60)}
        for _ in range(dice.randint(2, 8))
    ]
    done = "Todos have been modified successfully. Please proceed with the current tasks."
    return Call("TodoWrite", {"todos": todos}, done, {"oldTodos": todos[:-1], "newTodos": todos})


def _mcp(world: World) -> Call:
    dice = world.dice
    blocks = [{"type": "text", "text": world.text.prose(dice, dice.size(800, 1.0, 40_000))}]
    return Call("mcp__tracker__get_issue", {"id": f"DEV-{dice.randrange(1000)}"}, blocks, blocks)


def spawn(world: World, newer: bool) -> tuple[str, dict[str, Any]]:
    """The name and input of a call that starts a subagent."""
    dice, text = world.dice, world.text
    given = {
        "subagent_type": dice.choice(("Explore", "general-purpose", "reviewer")),
        "description": text.prose(dice, 30),
        "prompt": text.prose(dice, dice.size(900, 0.6, 8_000)),
    }
    return ("Agent" if newer else "Task"), given


def reply(dice: Dice, world: World) -> str:
    return world.text.prose(dice, dice.size(420, 0.9, 20_000))
