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
-- column p50_gap_seconds: seconds | in half of these sessions it took mostly no longer (that is, the session's own median) from the result of the one to the call of the other
-- column last_at: UTC | last time
SELECT
    agent,
    tool,
    next_tool,
    sum(transitions)::BIGINT AS transitions,
    round(
        sum(transitions) / sum(sum(transitions)) OVER (PARTITION BY agent, tool), 6
    ) AS share,
    count(*) AS sessions,
    quantile_disc(p50_gap_seconds, 0.5) AS p50_gap_seconds,
    max(last_at) AS last_at
FROM session_transitions
WHERE dirty(tool)
GROUP BY agent, tool, next_tool
