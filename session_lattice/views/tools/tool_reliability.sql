-- Which tools fail, how often, and how sure is that?
-- axis: tools
-- grain: agent, tool
-- key: tool
-- dirty: tool_calls.name
-- dirty: reported_tools.tool
-- dirty: tool_calls.session -> reported_tools.tool
-- dirty: messages.session -> reported_tools.tool
-- column agent: | claude_code or codex
-- column tool: | the tool's name, as the agent gave it
-- column sessions: count | sessions that called it
-- column calls: count | times called
-- column succeeded: count | calls whose result says that they worked; an upstream cannot tell them
-- column failed: count | calls whose result says that they failed
-- column unflagged: count | calls with a result that does not tell; of an upstream, all that did not fail
-- column unanswered: count | calls without a result (yet)
-- column denied: count | calls that a person or a rule refused
-- column failure_rate: ratio | failed / (succeeded + failed) of the calls in transcripts; null when no result tells
-- column first_at: UTC | first call in a transcript
-- column last_at: UTC | last call in a transcript
-- column upstream_calls: count | of calls, those that only an upstream tells of
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
    round(
        sum(failed) FILTER (WHERE counts_from = 'transcript')
        / nullif(sum(succeeded + failed) FILTER (WHERE counts_from = 'transcript'), 0),
        6
    ) AS failure_rate,
    min(first_at) AS first_at,
    max(last_at) AS last_at,
    coalesce(sum(calls) FILTER (WHERE counts_from = 'upstream'), 0)::BIGINT AS upstream_calls
FROM tool_sessions
WHERE dirty(tool)
GROUP BY agent, tool
