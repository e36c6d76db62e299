-- Which files were changed without a look at them first, or never tried out after the last change?
-- axis: files
-- grain: session, path
-- within: session
-- dirty: session_files.session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id
-- column path: | as the session named it
-- column file: | its path in the repository's main checkout; outside of repositories its own path
-- column repo: | repository, or the directory worked in; null outside of both
-- column language: | by the name's extension
-- column looked_at: UTC | first time that the session read the file or named it in a command, be it too late; null for never
-- column unread: | true: the session changed what was there without reading it, or naming it in a command, first
-- column unchecked: | true: no test, build, lint or run followed the last change; false for prose and data, which nobody runs
-- column edits: count | creations, edits, moves and deletions that worked
-- column first_edit_at: UTC | first edit that worked
-- column last_edit_at: UTC | last edit that worked
-- column last_check_at: UTC | the session's last test, build, lint or run; null for none
-- column last_check_worked: | whether that succeeded; null when nothing tells
WITH commands AS (
    SELECT
        session, call, called_at, ok, input,
        name <> 'Grep' AND NOT starts_with(name, 'mcp__') AS shell
    FROM tool_calls
    WHERE dirty(session)
        AND called_at IS NOT NULL
        AND (
            name IN (
                'Bash', 'PowerShell', 'shell', 'shell_command', 'exec_command',
                'container.exec', 'local_shell', 'Grep'
            )
            OR starts_with(name, 'mcp__')
        )
        AND NOT contains(input, '*** Begin Patch')
),
edited AS (
    SELECT *, parse_filename(path, false, 'both_slash') AS name
    FROM session_files
    WHERE dirty(session) AND edits > 0
),
-- What runs code or judges it, where a command may begin, behind what only starts it.
checks AS (
    SELECT session, max(called_at) AS last_check_at, arg_max(ok, (called_at, call)) AS worked
    FROM commands
    WHERE shell AND regexp_matches(
        input,
        '(?:^|["&;|(]|\\n)\s*'
        || '(?:(?:\w+=\S*|sudo|env|time|timeout \S+|npx|bunx|uvx|(?:uv|poetry|pipenv) run'
        || '|(?:bundle|pnpm|mise) exec(?: --)?|\S*python[\d.]* -m)\s+)*(?:'
        || '\./\S+|(?:\S*/)?(?:'
        || 'pytest|tox|nox|unittest|jest|vitest|mocha|playwright|cypress|rspec|phpunit|ctest|bats'
        || '|make|just|ninja|cmake|bazel|rake|mage|tsc|eslint|biome|ruff|mypy|pyright|flake8'
        || '|pylint|rubocop|golangci-lint|staticcheck|shellcheck|swiftlint|ktlint|stylelint'
        || '|pre-commit|webpack|vite|rollup|esbuild|next|turbo|nx|tsx|ts-node|python[\d.]*|node'
        || '|deno|bun|ruby|php|javac?|gcc|g\+\+|clang|clang\+\+|rustc|swiftc?|xcodebuild'
        || '|mvnw?|gradlew?|dotnet|sbt|mix|zig|stack|cabal|Rscript|julia|(?:ba|z)?sh \S+'
        || '|cargo (?:\+\S+ )?(?:test|build|check|clippy|run|nextest|bench)'
        || '|go (?:test|build|vet|run|install)|swift (?:test|build|run)|flutter (?:test|build|run)'
        || '|(?:npm|pnpm|yarn) (?:run |run-script |-\S+ )*(?:t|test|build|lint|check|start|dev)'
        || '|(?:npm|pnpm|yarn) run|docker(?:-compose| compose)? (?:build|up|run)'
        || '|(?:mise|task|moon|poe|hatch|rush) (?:run |r )?\S*(?:test|lint|build|check|ci)\S*'
        || '|terraform (?:plan|validate)|helm (?:lint|template)|nix (?:build|flake check)'
        || '))(?:[\s";&|:)\\]|$)'
    )
    GROUP BY session
),
named AS (
    SELECT e.session, e.path, min(c.called_at) AS named_at
    FROM edited AS e
    JOIN commands AS c ON c.session = e.session AND contains(c.input, e.name)
    WHERE e.first_edit = 'edit' AND coalesce(e.first_read_at >= e.first_edit_at, true)
    GROUP BY e.session, e.path
),
judged AS (
    SELECT
        e.session,
        e.path,
        e.file,
        e.repo,
        e.language,
        least(e.first_read_at, n.named_at) AS looked_at,
        e.first_edit = 'edit' AND coalesce(looked_at >= e.first_edit_at, true) AS unread,
        coalesce(c.last_check_at <= e.last_edit_at, true) AND e.language NOT IN (
            'Markdown', 'reStructuredText', 'text', 'LaTeX', 'SVG', 'Git', 'CSV'
        ) AS unchecked,
        e.edits,
        e.first_edit_at,
        e.last_edit_at,
        c.last_check_at,
        c.worked AS last_check_worked
    FROM edited AS e
    LEFT JOIN named AS n ON n.session = e.session AND n.path = e.path
    LEFT JOIN checks AS c ON c.session = e.session
)
SELECT * FROM judged WHERE unread OR unchecked
