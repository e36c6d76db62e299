-- Which sessions are live, which stopped, and how did each end?
-- axis: sessions
-- grain: session
-- within: session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: responses.session
-- dirty: sessions.session
-- expires: expires_at
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column agent: | claude_code or codex
-- column title: | the session's title
-- column cwd: | directory that it began in
-- column outcome: | live: something happened in the last 5 minutes; idle: in the last hour; later, or when it was left, by what came last on the main thread: finished, interrupted, errored or abandoned
-- column why: | what that is concluded from
-- column certainty: | sure: a record says so; likely: records agree with nothing else; guess: they leave it open
-- column last_event: | what came last on the main thread: exit, interrupt, error, refusal, failure, result, call, reply or prompt; null for none of these
-- column last_event_at: UTC | when that was
-- column open_tool: | the tool that was called last and has not returned
-- column last_at: UTC | last message, call, result or response, subagents' too
-- column expires_at: UTC | when the outcome is judged anew though nothing happens; null for one that stays
WITH limits AS (
    SELECT INTERVAL 5 MINUTES AS live_for, INTERVAL 1 HOUR AS idle_for
),
-- Of what happened at once, the later in this list comes last.
ranks AS (
    SELECT [
        'prompt', 'reply', 'call', 'result', 'failure', 'refusal', 'error', 'interrupt', 'exit'
    ] AS known
),
happened AS (
    SELECT
        session, ts, NULL AS tool,
        CASE
            WHEN subagent <> '' THEN NULL
            WHEN kind IN ('prompt', 'reply', 'interrupt') THEN kind
            -- What the agent puts in the model's place are its errors, but for this one.
            WHEN role = 'assistant' AND text <> 'No response requested.' THEN 'error'
            WHEN kind = 'command' AND regexp_matches(text, '^<command-name>/(exit|quit)<')
            THEN 'exit'
        END AS event
    FROM messages
    WHERE dirty(session)
    UNION ALL
    SELECT
        session, coalesce(returned_at, called_at), name,
        CASE
            WHEN subagent <> '' THEN NULL
            WHEN returned_at IS NULL THEN 'call'
            WHEN denied THEN 'refusal'
            WHEN NOT ok THEN 'failure'
            ELSE 'result'
        END
    FROM tool_calls
    WHERE dirty(session)
    UNION ALL
    SELECT session, ts, NULL, NULL
    FROM responses
    WHERE dirty(session)
),
ended AS (
    SELECT
        session,
        max(ts) AS last_at,
        arg_max((event, ts, tool), (ts, list_position(known, event), coalesce(tool, '')))
            FILTER (WHERE event IS NOT NULL) AS final
    FROM happened, ranks
    GROUP BY session
),
aged AS (
    SELECT
        session,
        last_at,
        final[1] AS last_event,
        final[2] AS last_event_at,
        final[3] AS tool,
        CASE
            WHEN last_event = 'exit' THEN NULL
            WHEN last_at + live_for > clock() THEN last_at + live_for
            WHEN last_at + idle_for > clock() THEN last_at + idle_for
        END AS expires_at,
        CASE
            WHEN expires_at IS NULL THEN coalesce(last_event, 'nothing')
            WHEN last_at + live_for > clock() THEN 'live'
            ELSE 'idle'
        END AS ground
    FROM ended, limits
)
SELECT
    a.session,
    split_part(a.session, '/', 1) AS agent,
    s.title,
    s.cwd,
    CASE a.ground
        WHEN 'live' THEN 'live'
        WHEN 'idle' THEN 'idle'
        WHEN 'exit' THEN 'finished'
        WHEN 'reply' THEN 'finished'
        WHEN 'interrupt' THEN 'interrupted'
        WHEN 'refusal' THEN 'interrupted'
        WHEN 'error' THEN 'errored'
        WHEN 'failure' THEN 'errored'
        ELSE 'abandoned'
    END AS outcome,
    CASE a.ground
        WHEN 'live' THEN 'something happened in the last 5 minutes'
        WHEN 'idle' THEN 'something happened in the last hour, nothing in the last 5 minutes'
        WHEN 'exit' THEN 'the person left the agent'
        WHEN 'reply' THEN 'the model''s reply came last'
        WHEN 'interrupt' THEN 'the person stopped the turn, and nothing came after it'
        WHEN 'refusal' THEN 'a call was refused, and nothing came after it'
        WHEN 'error' THEN 'an error of the agent''s own stands in the reply''s place'
        WHEN 'failure' THEN 'a call failed, and the model did not go on'
        WHEN 'result' THEN 'a call returned, and the model did not go on'
        WHEN 'call' THEN 'a call has no result'
        WHEN 'prompt' THEN 'the last prompt has no reply'
        ELSE 'no prompt, reply or call on the main thread'
    END AS why,
    CASE
        WHEN a.ground IN ('live', 'idle', 'exit', 'interrupt', 'error') THEN 'sure'
        WHEN a.ground IN ('reply', 'refusal', 'call', 'prompt') THEN 'likely'
        ELSE 'guess'
    END AS certainty,
    a.last_event,
    a.last_event_at,
    if(a.last_event = 'call', a.tool, NULL) AS open_tool,
    a.last_at,
    a.expires_at
FROM aged AS a
LEFT JOIN sessions AS s ON s.session = a.session
