-- Which tools fail, how often, and how sure is that?
-- axis: tools
-- grain: agent, tool
-- key: tool
-- dirty: tool_calls.name
-- column agent: | claude_code or codex
-- column tool: | the tool's name, as the agent gave it
-- column sessions: count | sessions that called it
-- column calls: count | times called
-- column succeeded: count | calls whose result says that they worked
-- column failed: count | calls whose result says that they failed
-- column unflagged: count | calls with a result that does not tell
-- column unanswered: count | calls without a result (yet)
-- column denied: count | calls that a person or a rule refused
-- column failure_rate: ratio | failed / (succeeded + failed); null when no result tells
-- column first_at: UTC | first call
-- column last_at: UTC | last call
SELECT
    agent,
    tool,
    count(*) AS sessions,
    sum(calls)::BIGINT AS calls,
    sum(succeeded)::BIGINT AS succeeded,
    sum(failed)::BIGINT AS failed,
    sum(unflagged)::BIGINT AS unflagged,
    sum(unanswered)::BIGINT AS unanswered,
    sum(denied)::BIGINT AS denied,
    round(sum(failed) / nullif(sum(succeeded) + sum(failed), 0), 6) AS failure_rate,
    min(first_at) AS first_at,
    max(last_at) AS last_at
FROM tool_sessions
WHERE dirty(tool)
GROUP BY agent, tool
