-- Where did an agent make the very same call three times in a row or more, and how did it end?
-- axis: tools
-- grain: session, call
-- key: session
-- within: session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column call: | the first of the calls
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
-- column subagent: | the thread that called: the subagent's id, empty for the session's main thread
-- column agent: | claude_code or codex
WITH calls AS (
    SELECT
        session,
        call,
        subagent,
        name,
        called_at,
        coalesce(NOT ok, false)::INTEGER AS failed,
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
-- The third call of a streak and those after it: few, so that the rest is about few rows.
thirds AS (
    SELECT
        session,
        subagent,
        what,
        called_at,
        failed,
        outcome,
        row_number() OVER thread AS place,
        lag(call, 2) OVER thread AS first_call,
        lag(called_at, 2) OVER thread AS first_at,
        lag(failed) OVER thread + lag(failed, 2) OVER thread AS failed_before,
        lead(name) OVER thread AS next_tool
    FROM calls
    WINDOW thread AS (PARTITION BY session, subagent ORDER BY called_at, call)
    QUALIFY what = lag(what) OVER thread AND what = lag(what, 2) OVER thread
),
numbered AS (
    SELECT
        *,
        place - row_number() OVER (PARTITION BY session, subagent, what ORDER BY place) AS streak
    FROM thirds
),
streaks AS (
    SELECT
        session,
        subagent,
        arg_min(first_call, place) AS call,
        count(*) + 2 AS calls,
        sum(failed) + arg_min(failed_before, place) AS failed,
        arg_max(outcome, place) AS ended,
        arg_max_null(next_tool, place) AS next_tool,
        min(first_at) AS first_at,
        max(called_at) AS last_at
    FROM numbered
    GROUP BY session, subagent, what, streak
)
SELECT
    s.session,
    s.call,
    c.name AS tool,
    subject_of(c.name, c.input) AS subject,
    polls(c.name) AS polling,
    s.calls,
    s.failed::BIGINT AS failed,
    s.ended,
    s.next_tool,
    s.first_at,
    s.last_at,
    round((epoch_ms(s.last_at) - epoch_ms(s.first_at)) / 1000, 3) AS streak_seconds,
    s.subagent,
    split_part(s.session, '/', 1) AS agent
FROM streaks AS s
JOIN tool_calls AS c ON c.session = s.session AND c.call = s.call
WHERE dirty(c.session)
