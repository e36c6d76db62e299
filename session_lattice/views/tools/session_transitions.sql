-- Which tool did a session call after which?
-- axis: tools
-- grain: session, tool, next_tool
-- key: session
-- within: session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column tool: | a tool that was called
-- column next_tool: | the tool that the same thread called next; empty where the thread called nothing more
-- column agent: | claude_code or codex
-- column transitions: count | times that the one came after the other
-- column p50_gap_seconds: seconds | half of the times it took no longer from the result of the one, or its call without a result, to the call of the other; null if that is empty
-- column last_at: UTC | last time
WITH steps AS (
    SELECT
        session,
        name,
        called_at,
        greatest(
            epoch_ms(lead(called_at) OVER thread) - epoch_ms(coalesce(returned_at, called_at)), 0
        ) AS gap_ms,
        lead(name) OVER thread AS next_tool
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL AND called_at IS NOT NULL
    WINDOW thread AS (PARTITION BY session, subagent ORDER BY called_at, call)
)
SELECT
    session,
    name AS tool,
    coalesce(next_tool, '') AS next_tool,
    split_part(session, '/', 1) AS agent,
    count(*) AS transitions,
    quantile_disc(gap_ms, 0.5) FILTER (WHERE next_tool IS NOT NULL) / 1000 AS p50_gap_seconds,
    max(called_at) AS last_at
FROM steps
GROUP BY session, name, coalesce(next_tool, '')
