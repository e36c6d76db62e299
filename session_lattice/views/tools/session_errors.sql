-- Which calls of a session failed, with what error, and what was done about it?
-- axis: tools
-- grain: session, call
-- key: session
-- within: session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column call: | the call's id
-- column tool: | the tool's name, as the agent gave it
-- column subject: | the command, file, pattern or address that the call was about, in one line of at most 200 characters
-- column signature: | the line of the output that says what went wrong, without what varies in it: <path>, <url>, <id>, <hash>, <time>, <n>, and … for what was quoted
-- column excerpt: | that line as it was, at most 300 characters; empty if there was no output
-- column exit_code: | of a command, where the transcript tells it
-- column failed_at: UTC | when the result came; when it was called, if the result has no time
-- column next_tool: | what the thread called next; null if nothing more
-- column next_subject: | what that call was about
-- column resolved: | true if the same tool later succeeded on the same subject in the thread (of a command: with the same program, of git, npm and such the same subcommand); null if it was not tried again
-- column resolved_seconds: seconds | until the first call that did was made
-- column subagent: | the thread that called: the subagent's id, empty for the session's main thread
-- column agent: | claude_code or codex
-- column cwd: | directory that it was called in
-- column branch: | branch that it was called on
WITH calls AS (
    SELECT
        session,
        call,
        subagent,
        name,
        called_at,
        ok AND NOT coalesce(denied, false) AS worked,
        subject_of(name, input) AS subject
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL AND called_at IS NOT NULL
),
aimed AS (
    -- What a later call must be about to count as another try.
    SELECT
        *,
        if(
            runs_commands(name),
            regexp_extract(
                subject,
                '^(?:cd \S+ (?:&&|;) )?(?:\w+=\S* )*('
                || '(?:git|gh|glab|npm|pnpm|yarn|bun|mise|just|make|cargo|go|uv|docker|kubectl|dotnet)'
                || '(?: -[Cc] \S+| -\S+)*(?: run)? \w\S*|\S+)',
                1
            ),
            subject
        ) AS target
    FROM calls
),
followed AS (
    SELECT
        session,
        call,
        called_at,
        subject,
        lead(name) OVER thread AS next_tool,
        lead(subject) OVER thread AS next_subject,
        lead(worked IGNORE NULLS) OVER tries AS next_worked,
        first_value(if(worked, called_at, NULL) IGNORE NULLS) OVER later_tries AS resolved_at
    FROM aimed
    WINDOW
        thread AS (PARTITION BY session, subagent ORDER BY called_at, call),
        tries AS (PARTITION BY session, subagent, name, target ORDER BY called_at, call),
        later_tries AS (tries ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
),
failures AS (
    SELECT *, coalesce(telling_line(output), '') AS line
    FROM tool_calls
    WHERE dirty(session) AND NOT ok AND NOT coalesce(denied, false)
)
SELECT
    c.session,
    c.call,
    c.name AS tool,
    f.subject,
    coalesce(
        nullif(signature_of(c.line), ''),
        'exit code ' || c.exit_code || ' without a word',
        'failed without a word'
    ) AS signature,
    left(c.line, 300) AS excerpt,
    c.exit_code,
    coalesce(c.returned_at, c.called_at) AS failed_at,
    f.next_tool,
    f.next_subject,
    if(f.next_worked IS NOT NULL, f.resolved_at IS NOT NULL, NULL) AS resolved,
    round((epoch_ms(f.resolved_at) - epoch_ms(f.called_at)) / 1000, 3) AS resolved_seconds,
    c.subagent,
    split_part(c.session, '/', 1) AS agent,
    c.cwd,
    c.branch
FROM failures AS c
JOIN followed AS f ON f.session = c.session AND f.call = c.call
