"""Word-like text for made-up transcripts: prose, code, command output, encoded blobs.

Everything is cut from pools that a seeded generator fills once. Words follow a Zipf law, so
that text compresses about as well as what people and models write; nothing here was copied
from anybody's transcript.
"""

import base64
import itertools
import random
from collections.abc import Callable

PROSE_CHARS = 3_000_000
CODE_CHARS = 4_000_000
OUTPUT_CHARS = 3_000_000
BLOB_BYTES = 3_000_000
VOCABULARY = 6_000
ZIPF_SHIFT = 2.7

COMMON = """
the to and of a in is that for it this we with on be not as are file so from but if can one all
when there which an will has was test by add only new no then run now out at they error call
code or use line value first result should path name have read check each type change return
string build after before list data would make fails still same set case let need does function
log two also where its more key update other what default into config output branch commit table
query index cache write count start session server client time without request response token
number already empty missing found version module import field class method parse format option
command directory handle state event stream order lock thread queue batch limit timeout retry
merge diff patch review schema column row join group filter sort page cursor header body status
route guard origin host port address secret password connection string open close flush sync
copy rename delete move create pointer
"""
SYLLABLES = """
ba be bi bo ca ce co da de di do fa fe fi fo ga ge go ha he ho in jo ka ke la le li lo ma me mi
mo na ne ni no or pa pe po ra re ri ro sa se si so ta te ti to un va ve vi vo wa we zo tion ment
ster ance able ing ed er ly est ous ive ent pre con dis sub trans inter
"""
TYPES = ("int", "str", "bool", "bytes", "Path", "float", "list[str]", "dict[str, int]", "None")
MARKS = (
    ". ",
    ". ",
    ". ",
    ", ",
    ", ",
    ": ",
    "; ",
    "? ",
    ".\n",
    ".\n\n- ",
    ".\n\n",
    " (",
    ") ",
    " `",
    "` ",
)
SPECIAL = ("→", "—", "é", "ü", "✓", "…", "“", "”", "•", "─", "日本", "ß")

CODE_FORMS: tuple[str, ...] = (
    "def {a}_{b}({c}: {T}, {d}: {T} = {n}) -> {T}:",
    '    return self.{a}.{b}({c}, "{d} {e}")',
    "    if {a} is None or {b}_{c} > {n}:",
    '        raise ValueError(f"{a} {b} {{{c}}} {d}")',
    "\tif err := {a}.{B}(ctx, {c}); err != nil {{",
    '\t\treturn nil, fmt.Errorf("{a} {b}: %w", err)',
    "\t}}",
    "    # {a} {b} {c} {d} {e} {f}",
    "    {a}_{b} = [{c} for {c} in {d}.{e} if {c}.{f}]",
    '  const {{ {a}, {b} }} = await {c}.{d}({{ {e}: "{f}" }});',
    "  expect({a}.{b}).toEqual({n});",
    "class {A}{B}({C}):",
    "    {a}: {T} = field(default_factory={b})",
    'import {{ {A} }} from "../{b}/{c}";',
    "SELECT {a}, count(*) AS {b} FROM {c}s WHERE {d} = '{e}' GROUP BY {a};",
    "    pub fn {a}_{b}(&self, {c}: &str) -> Result<{D}> {{",
    "",
)
OUTPUT_FORMS: tuple[str, ...] = (
    "{h} {a}/{b}_{c}.py:{n}: {d} {e} {f}",
    "2026-05-{m:02d}T{k:02d}:14:{m:02d}.{n}Z INFO {a}.{b} {c}={n} {d}={h}",
    "tests/{a}/test_{b}.py::test_{c}_{d}_{e} PASSED [{m:>3}%]",
    "--- FAIL: Test{A}{B} (0.{m:02d}s)",
    "drwxr-xr-x  {k} dev dev {n:>7} May {m:>2} {k:02d}:{m:02d} {a}-{b}",
    "ok  \texample.org/{a}/{b}\t{k}.{n}s\tcoverage: {m}.{k}% of statements",
    " {a}/{b}.go | {m:>3} ++++++++-----",
    "GET https://example.org/{a}/{b}?{c}={n} {d} {k}ms",
    "+    {a}_{b} = {c}({n})",
    "-    {a} {b} {c} {d}",
    "warning: {a} {b} `{c}_{d}` {e} {f}",
    "{n}: {h}{h}",
)


class Text:
    """Slices of the pools; the caller's generator decides which, so a seed decides all."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.words = _vocabulary(rng)
        weights = [1 / (rank + ZIPF_SHIFT) for rank in range(len(self.words))]
        cumulative = list(itertools.accumulate(weights))

        def draw(count: int) -> list[str]:
            return rng.choices(self.words, cum_weights=cumulative, k=count)

        self._prose = _prose(rng, draw)
        self._code = _lines(rng, draw, CODE_FORMS, CODE_CHARS)
        self._output = _lines(rng, draw, OUTPUT_FORMS, OUTPUT_CHARS)
        self._blob = base64.b64encode(rng.randbytes(BLOB_BYTES)).decode()

    def prose(self, rng: random.Random, size: int) -> str:
        return _cut(self._prose, rng, size)

    def code(self, rng: random.Random, size: int) -> str:
        return _cut(self._code, rng, size)

    def output(self, rng: random.Random, size: int) -> str:
        return _cut(self._output, rng, size)

    def blob(self, rng: random.Random, size: int) -> str:
        return _cut(self._blob, rng, size)

    def name(self, rng: random.Random) -> str:
        return f"{rng.choice(self.words[:900])}_{rng.choice(self.words)}"


def _cut(pool: str, rng: random.Random, size: int) -> str:
    """`size` characters from somewhere in the pool, repeated from elsewhere when it is short."""
    start = int(rng.random() * len(pool))
    piece = pool[start : start + size]
    while len(piece) < size:
        piece += pool[: size - len(piece)]
    return piece


def _vocabulary(rng: random.Random) -> list[str]:
    common, syllables = COMMON.split(), SYLLABLES.split()
    made = {
        "".join(rng.choices(syllables, k=rng.choice((2, 2, 3, 3, 4)))) for _ in range(VOCABULARY)
    }
    words = sorted(made - set(common))
    rng.shuffle(words)
    return [*common, *words]


def _prose(rng: random.Random, draw: Callable[[int], list[str]]) -> str:
    """Sentences; about one in ten holds something that is not ASCII."""
    parts: list[str] = []
    size = 0
    while size < PROSE_CHARS:
        words = draw(rng.randint(4, 16))
        if rng.random() < 0.1:
            words[rng.randrange(len(words))] = rng.choice(SPECIAL)
        parts.append(" ".join(words) + rng.choice(MARKS))
        size += len(parts[-1])
    return "".join(parts)


def _lines(
    rng: random.Random, draw: Callable[[int], list[str]], forms: tuple[str, ...], chars: int
) -> str:
    parts: list[str] = []
    size = 0
    while size < chars:
        a, b, c, d, e, f = draw(6)
        line = rng.choice(forms).format(
            a=a,
            b=b,
            c=c,
            d=d,
            e=e,
            f=f,
            A=a.title(),
            B=b.title(),
            C=c.title(),
            D=d.title(),
            T=rng.choice(TYPES),
            h=f"{rng.getrandbits(40):010x}",
            n=rng.randrange(1, 100_000),
            m=rng.randrange(1, 29),
            k=rng.randrange(1, 24),
        )
        parts.append("    " * rng.choice((0, 0, 1, 2)) + line + "\n")
        size += len(parts[-1])
    return "".join(parts)
