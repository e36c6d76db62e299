"""Which tool calls talk to a forge or to git, and which pull requests and issues they name.

What a session reads is full of references that it did not name: source, changelogs, web pages,
the messages of other people's commits. So of inputs only those count of commands that run git or
a forge's program, of a forge's MCP tools and of fetched addresses; and of outputs only what such
tools of a forge print, and `git push`, which prints where to open a pull request.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from session_lattice.events import Reference, ReferenceKind
from session_lattice.sources.references import references

COMMAND_CHARS = 32 * 1024
"""Characters at the beginning of a command that are looked at."""


class Talk(NamedTuple):
    """What a call names, and what its output is worth.

    `forge`: the output is a forge's; `git`: it may print commits that were made.
    """

    references: tuple[Reference, ...] = ()
    forge: bool = False
    git: bool = False


SILENT = Talk()

_PROGRAMS = "gh|glab|hub|tea|git|curl|wget"
_MAY = tuple(f"{program} " for program in _PROGRAMS.split("|"))
_RUN = re.compile(
    rf"(?:^|[\n;&|(`{{])[ \t]{{0,64}}(?:(?:[A-Za-z_]\w{{0,64}}=\S{{0,256}}|sudo|then|do|time)[ \t]+"
    rf"){{0,4}}(?:[\w./~-]{{0,256}}/)?({_PROGRAMS})[ \t]+([^\n;&|]{{0,512}})"
)
_PUSH = re.compile(r"(?:^|\s)push(?:\s|$)")
_API = re.compile(r"//api\.(?:github|bitbucket)\.|/api/v[0-9]/")
_OWN = re.compile(
    r"(pr|mr|issue)s?\s+[a-z-]{2,32}\s+"
    r"(?:(?:-R|--repo)[ =]\S{1,256}\s+)?[\"']?#?([1-9][0-9]{0,8})[\"']?(?:\s|$)"
)
_REPOSITORY = re.compile(
    r"(?:^|\s)(?:-R|--repo)[ =][\"']?(?:https://)?"
    r"(?:([\w-]{1,64}(?:\.[\w-]{1,64}){1,4})/)?([\w.-]{1,100}/[\w.-]{1,100})(?=[\"'\s]|$)"
)

_SERVERS = re.compile(r"(?i)mcp__.{0,128}?(?:github|gitlab|gitea|forgejo|bitbucket)")
_NUMBERS: Mapping[str, ReferenceKind] = {
    "pull_number": "pull_request",
    "pullNumber": "pull_request",
    "pr_number": "pull_request",
    "merge_request_iid": "pull_request",
    "issue_iid": "issue",
    "issue_number": "either",  # GitHub's tools comment on a pull request by its issue's number
    "issueNumber": "either",
}
_FETCHERS = frozenset({"WebFetch", "web_fetch", "fetch"})
LARGEST_NUMBER = 999_999_999


def spoken(command: str) -> Talk:
    """What a shell's `command` says to git and to forges."""
    if not any(program in command for program in _MAY):
        return SILENT
    forge = git = named = False
    own: list[Reference] = []
    command = command[:COMMAND_CHARS]
    for program, rest in _RUN.findall(command):
        if program == "git":
            git = named = True
            forge = forge or _PUSH.search(rest) is not None
        elif program in ("curl", "wget"):
            forge = forge or _API.search(rest) is not None
        else:
            forge = named = True
            own += _own(rest)
    if not (forge or named):
        return SILENT
    found = dict.fromkeys([*own, *references(command)])
    return Talk(tuple(found), forge, git)


def _own(arguments: str) -> list[Reference]:
    """`pr view 12`, `mr view 12 --repo group/repo`: by number, of the repository at hand."""
    given = _OWN.match(arguments)
    if given is None:
        return []
    place = _REPOSITORY.search(arguments)
    kind: ReferenceKind = "issue" if given[1] == "issue" else "pull_request"
    host, slug = (place[1] or "", place[2].lower()) if place else ("", "")
    return [Reference(number=int(given[2]), slug=slug, host=host.lower(), kind=kind)]


def is_served(name: str) -> bool:
    """Whether a tool is one that names what it works on in its fields: see `served`."""
    return name in _FETCHERS or _SERVERS.match(name) is not None


def served(name: str, fields: Mapping[str, Any]) -> Talk:
    """What a call of a forge's MCP tool names by its fields, or one that fetches an address."""
    if name in _FETCHERS:
        url = fields.get("url")
        return Talk(tuple(references(url)) if isinstance(url, str) else ())
    owner, repo, project = (fields.get(key) for key in ("owner", "repo", "project_id"))
    slug = project if isinstance(project, str) and "/" in project else ""
    if isinstance(owner, str) and isinstance(repo, str) and owner and repo:
        slug = f"{owner}/{repo}"
    numbers = [(fields.get(key), kind) for key, kind in _NUMBERS.items()]
    found = (
        Reference(number=number, slug=slug.lower(), kind=kind)
        for number, kind in numbers
        if slug and type(number) is int and 0 < number <= LARGEST_NUMBER
    )
    return Talk(tuple(dict.fromkeys(found)), forge=True)
