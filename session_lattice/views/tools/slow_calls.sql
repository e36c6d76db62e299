-- What took at least half a minute: which calls ran or waited so long, and where?
-- axis: tools
-- grain: session, call
-- key: session
-- within: session
-- dirty: tool_calls.session
-- dirty: messages.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column call: | the call's id
-- column tool: | the tool's name, as the agent gave it
-- column subject: | the command, file, pattern or address that it was about, in one line of at most 200 characters
-- column kind: | ran: the tool itself says that it took 30 s or more; waited: its result came so late by the times of the lines, which may be a person's approval; polled: either, of a tool that only asks how far a process is; silent: no result, and nothing else in the thread for more than 60 s
-- column seconds: seconds | it ran, waited or was silent
-- column ok: | whether it worked; null where no result tells
-- column called_at: UTC | when it was called
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
        CASE
            WHEN polls(name) AND returned_at IS NOT NULL THEN 'polled'
            WHEN duration_ms >= 30000 THEN 'ran'
            WHEN returned_at IS NULL THEN 'silent'
            ELSE 'waited'
        END AS kind,
        if(duration_ms >= 30000, duration_ms, waited_ms(called_at, returned_at)) AS milliseconds
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL AND called_at IS NOT NULL
        AND (
            duration_ms >= 30000
            OR returned_at IS NULL
            OR epoch_ms(returned_at) - epoch_ms(called_at) >= 30000
        )
),
lines AS (
    SELECT session, subagent, called_at AS ts FROM tool_calls WHERE dirty(session)
    UNION ALL
    SELECT session, subagent, returned_at FROM tool_calls WHERE dirty(session)
    UNION ALL
    SELECT session, subagent, ts FROM messages WHERE dirty(session)
),
silences AS (
    SELECT c.session, c.call, epoch_ms(min(l.ts)) - epoch_ms(any_value(c.called_at)) AS milliseconds
    FROM calls AS c
    JOIN lines AS l
        ON l.session = c.session AND l.subagent = c.subagent AND l.ts > c.called_at
    WHERE c.kind = 'silent'
    GROUP BY c.session, c.call
    HAVING epoch_ms(min(l.ts)) - epoch_ms(any_value(c.called_at)) > 60000
)
SELECT
    c.session,
    c.call,
    c.name AS tool,
    subject_of(c.name, t.input) AS subject,
    c.kind,
    round(coalesce(c.milliseconds, s.milliseconds) / 1000, 3) AS seconds,
    t.ok,
    c.called_at,
    c.subagent,
    split_part(c.session, '/', 1) AS agent,
    t.cwd,
    t.branch
FROM calls AS c
JOIN tool_calls AS t ON t.session = c.session AND t.call = c.call
LEFT JOIN silences AS s ON s.session = c.session AND s.call = c.call
WHERE dirty(t.session) AND (c.kind <> 'silent' OR s.milliseconds IS NOT NULL)
