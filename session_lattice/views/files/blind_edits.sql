-- Which files were changed without a look at them first, or never tried out after the last change?
-- axis: files
-- grain: session, path
-- within: session
-- dirty: session_files.session
-- dirty: tool_calls.session
-- dirty: session_commands.session
-- column session: | agent and the agent's own id
-- column path: | as the session named it
-- column file: | its path in the repository's main checkout; outside of repositories its own path
-- column repo: | repository, or the directory worked in; null outside of both
-- column language: | by the name's extension
-- column looked_at: UTC | first time that the session read the file or named it in a command, be it too late; null for never
-- column unread: | true: the session changed what was there without reading it, or naming it in a command, first
-- column unchecked: | true: no test, lint, build or run came after the last change; false for prose, which nobody runs
-- column edits: count | creations, edits, moves and deletions that worked
-- column first_edit_at: UTC | first edit that worked
-- column last_edit_at: UTC | last edit that worked
-- column last_check_at: UTC | the session's last test, lint, build or run; null for none
-- column last_check: | the program that it ran
WITH edited AS (
    SELECT *, parse_filename(path, false, 'both_slash') AS name
    FROM session_files
    WHERE dirty(session) AND edits > 0
),
checks AS (
    SELECT
        session,
        max(last_at) AS last_check_at,
        arg_max(program, (last_at, program)) AS last_check
    FROM session_commands
    WHERE dirty(session) AND family IN (
        'test', 'lint', 'build', 'task', 'python', 'node', 'runtime', 'script'
    )
    GROUP BY session
),
named AS (
    SELECT e.session, e.path, min(c.called_at) AS named_at
    FROM edited AS e
    JOIN tool_calls AS c ON c.session = e.session AND contains(c.input, e.name)
    WHERE dirty(c.session)
        AND e.first_edit = 'edit' AND coalesce(e.first_read_at >= e.first_edit_at, true)
        AND (runs_commands(c.name) OR c.name = 'Grep' OR starts_with(c.name, 'mcp__'))
        AND NOT contains(c.input, '*** Begin Patch')
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
        c.last_check
    FROM edited AS e
    LEFT JOIN named AS n ON n.session = e.session AND n.path = e.path
    LEFT JOIN checks AS c ON c.session = e.session
)
SELECT * FROM judged WHERE unread OR unchecked
