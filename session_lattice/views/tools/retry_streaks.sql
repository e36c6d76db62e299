-- Where did an agent make the very same call three times in a row or more, and how did it end?
-- axis: tools
-- grain: session, call
-- key: session
-- within: session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column call: | the first of the calls
-- column subagent: | the thread that called: the subagent's id, empty for the session's main thread
-- column agent: | claude_code or codex
-- column tool: | the tool's name, as the agent gave it
-- column subject: | the command, file, pattern or address that they were about, in one line of at most 200 characters
-- column polling: | whether the tool only asks a process that runs how far it is
-- column calls: count | calls in a row with the same name and input and nothing else between, at least 3
-- column failed: count | of these, those whose result says that they failed, refused ones too
-- column ended: | result of the last one: succeeded, failed, denied, unflagged (the result does not tell) or unanswered
-- column next_tool: | what the thread called then; null if nothing more
-- column first_at: UTC | first of them
-- column last_at: UTC | last of them
-- column streak_seconds: seconds | from the first call to the last
WITH calls AS (
    SELECT
        session,
        call,
        subagent,
        name,
        called_at,
        ok,
        CASE
            WHEN returned_at IS NULL THEN 'unanswered'
            WHEN denied THEN 'denied'
            WHEN ok THEN 'succeeded'
            WHEN NOT ok THEN 'failed'
            ELSE 'unflagged'
        END AS outcome,
        hash(name, input) AS what
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL AND called_at IS NOT NULL
),
numbered AS (
    -- Equal as long as nothing else comes between.
    SELECT
        *,
        row_number() OVER thread - row_number() OVER same AS streak,
        lead(name) OVER thread AS next_tool
    FROM calls
    WINDOW
        thread AS (PARTITION BY session, subagent ORDER BY called_at, call),
        same AS (PARTITION BY session, subagent, what ORDER BY called_at, call)
),
streaks AS (
    SELECT
        session,
        subagent,
        arg_min(call, (called_at, call)) AS call,
        count(*) AS calls,
        count(*) FILTER (WHERE NOT ok) AS failed,
        arg_max(outcome, (called_at, call)) AS ended,
        arg_max_null(next_tool, (called_at, call)) AS next_tool,
        min(called_at) AS first_at,
        max(called_at) AS last_at
    FROM numbered
    GROUP BY session, subagent, what, streak
    HAVING count(*) >= 3
)
SELECT
    s.session,
    s.call,
    s.subagent,
    split_part(s.session, '/', 1) AS agent,
    c.name AS tool,
    subject_of(c.name, c.input) AS subject,
    polls(c.name) AS polling,
    s.calls,
    s.failed,
    s.ended,
    s.next_tool,
    s.first_at,
    s.last_at,
    round((epoch_ms(s.last_at) - epoch_ms(s.first_at)) / 1000, 3) AS streak_seconds
FROM streaks AS s
JOIN tool_calls AS c ON c.session = s.session AND c.call = s.call
WHERE dirty(c.session)
