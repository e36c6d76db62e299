-- What do agents do after a call of this tool, and how soon?
-- axis: tools
-- grain: agent, tool, next_tool
-- key: tool
-- dirty: session_transitions.tool
-- column agent: | claude_code or codex
-- column tool: | a tool that was called
-- column next_tool: | the tool that the same thread called next; empty where the thread called nothing more
-- column transitions: count | times that the one came after the other
-- column share: ratio | of the first tool's calls
-- column sessions: count | sessions in which it happened
-- column p50_gap_seconds: seconds | half of the time it took no longer from the result of the one to the call of the other; within 10 %, or 1 ms
-- column last_at: UTC | last time
WITH spread AS (
    SELECT agent, tool, next_tool, unnest(map_entries(gaps)) AS of_bucket
    FROM session_transitions
    WHERE dirty(tool)
),
counted AS (
    SELECT agent, tool, next_tool, of_bucket.key AS bucket, sum(of_bucket.value)::BIGINT AS times
    FROM spread
    GROUP BY ALL
),
placed AS (
    SELECT
        *,
        sum(times) OVER (PARTITION BY agent, tool, next_tool ORDER BY bucket)
        / sum(times) OVER (PARTITION BY agent, tool, next_tool) AS share
    FROM counted
),
middle AS (
    SELECT agent, tool, next_tool, min(bucket) AS bucket
    FROM placed
    WHERE share >= 0.5
    GROUP BY agent, tool, next_tool
),
pairs AS (
    SELECT
        agent,
        tool,
        next_tool,
        sum(transitions)::BIGINT AS transitions,
        count(*) AS sessions,
        max(last_at) AS last_at
    FROM session_transitions
    WHERE dirty(tool)
    GROUP BY agent, tool, next_tool
)
SELECT
    p.agent,
    p.tool,
    p.next_tool,
    p.transitions,
    round(p.transitions / sum(p.transitions) OVER (PARTITION BY p.agent, p.tool), 6) AS share,
    p.sessions,
    seconds_of(m.bucket) AS p50_gap_seconds,
    p.last_at
FROM pairs AS p
LEFT JOIN middle AS m
    ON m.agent = p.agent AND m.tool = p.tool AND m.next_tool = p.next_tool
