-- Which sessions used this tool, and how often did it fail there?
-- axis: tools
-- grain: tool, session
-- key: session
-- within: session
-- dirty: tool_calls.session
-- dirty: reported_tools.session
-- dirty: messages.session -> reported_tools.session
-- column tool: | the tool's name, as the agent gave it
-- column session: | agent and the agent's own id
-- column agent: | claude_code or codex
-- column calls: count | times called, by subagents too
-- column succeeded: count | calls whose result says that they worked; 0 if counts_from is upstream, which tells failures only
-- column failed: count | calls whose result says that they failed, refused ones too
-- column unflagged: count | calls with a result that does not tell; of an upstream, all that did not fail
-- column unanswered: count | calls without a result (yet)
-- column denied: count | calls that a person or a rule refused
-- column first_at: UTC | first call
-- column last_at: UTC | last call
-- column durations: calls | of each bucket_of(milliseconds) that the tool itself says it took; null if no call does
-- column waits: calls | of each bucket_of(milliseconds) from call to result by the times of their lines, so with what a person took to approve; null if no call has both
-- column counts_from: | transcript, or upstream for a session of whose work no transcript tells
SELECT
    name AS tool,
    session,
    split_part(session, '/', 1) AS agent,
    count(*) AS calls,
    count(*) FILTER (WHERE ok) AS succeeded,
    count(*) FILTER (WHERE NOT ok) AS failed,
    count(*) FILTER (WHERE ok IS NULL AND returned_at IS NOT NULL) AS unflagged,
    count(*) FILTER (WHERE returned_at IS NULL) AS unanswered,
    count(*) FILTER (WHERE denied) AS denied,
    min(called_at) AS first_at,
    max(called_at) AS last_at,
    histogram(bucket_of(duration_ms)) FILTER (WHERE duration_ms >= 0) AS durations,
    histogram(bucket_of(waited_ms(called_at, returned_at)))
        FILTER (WHERE returned_at > called_at) AS waits,
    'transcript' AS counts_from
FROM tool_calls
WHERE dirty(session) AND name IS NOT NULL
GROUP BY name, session
UNION ALL
SELECT
    t.tool,
    t.session,
    split_part(t.session, '/', 1),
    t.calls,
    0,
    t.errors,
    t.calls - t.errors,
    0,
    0,
    NULL,
    NULL,
    NULL,
    NULL,
    'upstream'
FROM reported_tools AS t
WHERE dirty(t.session) AND t.calls > 0
    AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.session = t.session)
    AND NOT EXISTS (SELECT 1 FROM tool_calls AS c WHERE c.session = t.session)
