"""What views may call: each function's answers, by example and by what must always hold."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_lattice.store import macros
from tests.store.histories import few

NAMED = """
SELECT list((program, family) ORDER BY place) FROM (
    SELECT place, program, family_of(k.family, piece) AS family
    FROM (
        SELECT piece, program_of(piece) AS program, place
        FROM (
            SELECT unnest(pieces) AS piece, generate_subscripts(pieces, 1) AS place
            FROM (SELECT commands_in($text) AS pieces)
        )
    )
    LEFT JOIN known_programs AS k USING (program)
)
"""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute(macros.text())
        yield connection


def value(connection: duckdb.DuckDBPyConnection, sql: str, text: str | None) -> object:
    found = connection.execute(sql, {"text": text}).fetchone()
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("given_input", "command"),
    [
        (None, None),
        ("", ""),
        ("{}", ""),
        ("make all", "make all"),
        ('{"command":"git status","description":"Look \\"here\\""}', "git status"),
        ('{"description":"x","command":"echo \\"a\\\\nb\\"\\nls\\t-l"}', 'echo "a\\nb"\nls\t-l'),
        ('{"cmd":"bun test","workdir":"/repo","yield_time_ms":1000}', "bun test"),
        ('{"command":["bash","-lc","rg \\"a\\" -n"],"workdir":"/repo"}', 'rg "a" -n'),
        ('{"command": ["/bin/zsh", "-lc", "git diff"]}', "git diff"),
        ('{"command":["git","status","-sb"]}', "git status -sb"),
        ('{"command":"cat > a <<EOF\\nthe rest is cut o', "cat > a <<EOF\nthe rest is cut o"),
    ],
)
def test_the_command_is_read_from_the_inputs_of_both_agents_whole_or_cut(
    connection: duckdb.DuckDBPyConnection, given_input: str | None, command: str | None
) -> None:
    assert value(connection, "SELECT command_of($text)", given_input) == command


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("", None),
        ("# nothing but a comment", None),
        ("X=1", None),
        ("git status", [("git", "git")]),
        ("cd /a && FOO=1 sudo /usr/bin/git -C /x log | head -3", [("cd", "shell"), ("git", "git")]),
        ("git commit -m 'a; rm -rf b && c' && git push", [("git", "git"), ("git", "git")]),
        ("git commit -m \"$(cat <<'EOF'\nfeat: x; y\n\nEOF\n)\"", [("git", "git")]),
        (
            "python3 - <<'PY'\nimport os; rm | x\nPY\nls -la",
            [("python3", "python"), ("ls", "read")],
        ),
        ("cat > a.txt <<EOF\nwhat is; cut", [("cat", "edit")]),
        (
            "apply_patch <<'X'\n*** Begin Patch\n+ls; rm\n*** End Patch\nX",
            [("apply_patch", "edit")],
        ),
        ("npx tsc --noEmit || true", [("tsc", "lint"), ("true", "shell")]),
        ("uv run --frozen pytest -q 2>&1 >/dev/null", [("pytest", "test")]),
        ("python -m pytest", [("pytest", "test")]),
        ("timeout 60 go test ./...; go build ./x", [("go", "test"), ("go", "build")]),
        (
            "npm run test:unit && npm ci && npm run lint",
            [("npm", "test"), ("npm", "package"), ("npm", "lint")],
        ),
        ("pnpm --filter web build", [("pnpm", "build")]),
        ("make", [("make", "build")]),
        ("just deploy", [("just", "task")]),
        ("sed -n '1,9p' src/app-in.py", [("sed", "read")]),
        ("sed -i 's/a/b/' x && perl -pi -e 's/a/b/' y", [("sed", "edit"), ("perl", "edit")]),
        ("for f in *.py; do ruff check $f; done", [("ruff", "lint")]),
        ("(cd sub; ./gradlew test)", [("cd", "shell"), ("gradlew", "test")]),
        ("./scripts/release.sh --dry-run", [("release.sh", "script")]),
        (
            "gh pr list && curl -s https://a.example/x?a=1;b",
            [("gh", "forge"), ("curl", "network"), ("b", "other")],
        ),
        ("echo \"it's\" # don't\nls", [("echo", "shell"), ("ls", "read")]),
    ],
)
def test_the_programs_of_a_command_are_told_with_the_kind_of_their_work(
    connection: duckdb.DuckDBPyConnection, command: str, programs: list[tuple[str, str]] | None
) -> None:
    assert value(connection, NAMED, command) == programs


@pytest.mark.parametrize(
    ("output", "signature"),
    [
        (None, ""),
        ("", ""),
        ("Exit code 1", ""),
        (
            "Exit code 1\n> build\n/src/a.ts(81,9): error TS2322: Type 'A' is not 'B'.\n",
            "<path>: error TS<n>: Type '…' is not '…'.",
        ),
        (
            "<tool_use_error>File has not been read yet. Read it first.</tool_use_error>",
            "File has not been read yet. Read it first.",
        ),
        ("cat: a/x y.md: No such file or directory", "cat: <path>: No such file or directory"),
        (
            "ls: cannot access 'a/': No such file or directory",
            "ls: <path>: No such file or directory",
        ),
        ("bash: line 12: foo: command not found", "bash: line <n>: foo: command not found"),
        (
            "Traceback (most recent call last):\n  File \"/a/b.py\", line 3, in x\nKeyError: 'k'",
            "KeyError: '…'",
        ),
        (
            "ok\nfatal: unable to access 'https://forge.example/a.git/': timed out after 75 s",
            "fatal: unable to access '…': timed out after <n> s",
        ),
        (
            "\x1b[31mError:\x1b[0m no session 01a1d94a-f7da-72cf-a9da-a37e51b591d7",
            "Error: no session <id>",
        ),
        (
            "npm warn old\nfatal: bad object 9fceb02d0ae598e95dc970b74767f19372d61af8",
            "fatal: bad object <hash>",
        ),
        ("2026-03-01T10:00:00.123Z request failed", "<time> request failed"),
        ("--- FAIL: TestThing (0.31s)\n    x_test.go:9: no", "--- FAIL: TestThing (<n>s)"),
        ("something else\nand more", "something else"),
    ],
)
def test_the_telling_line_of_an_output_loses_what_varies(
    connection: duckdb.DuckDBPyConnection, output: str | None, signature: str | None
) -> None:
    assert value(connection, "SELECT signature_of(telling_line($text))", output) == signature


@given(text=st.text(max_size=80))
@few(25)
def test_no_text_breaks_a_function_and_no_signature_is_long(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    value(connection, NAMED, text)
    value(connection, "SELECT subject_of('Bash', $text) || subject_of('Edit', $text)", text)
    signature = value(connection, "SELECT signature_of(telling_line($text || 'error'))", text)
    assert len(str(signature)) <= 160


def test_a_duration_read_back_from_its_bucket_is_within_ten_percent_or_a_millisecond(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    wrong = connection.execute(
        "SELECT ms FROM (SELECT (pow(1.07, i) - 1)::BIGINT AS ms FROM range(300) AS t(i))"
        " WHERE abs(seconds_of(bucket_of(ms)) * 1000 - ms) > greatest(0.1 * ms, 1)"
    ).fetchall()
    assert wrong == []


def test_a_view_depends_on_the_functions_only_if_it_names_one() -> None:
    assert macros.behind("SELECT a FROM known_programs") == macros.text()
    assert macros.behind("SELECT signature_of(output)") == macros.text()
    assert macros.behind("SELECT output FROM tool_calls WHERE dirty(session)") == ""
