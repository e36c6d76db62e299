-- Which tools fail, how often, how sure is that, and how long do they take?
-- axis: tools
-- grain: agent, tool
-- key: tool
-- dirty: tool_sessions.tool
-- column agent: | claude_code or codex
-- column tool: | the tool's name, as the agent gave it
-- column sessions: count | sessions that called it
-- column calls: count | times called
-- column succeeded: count | calls whose result says that they worked; an upstream cannot tell them
-- column failed: count | calls whose result says that they failed, refused ones too
-- column unflagged: count | calls with a result that does not tell; of an upstream, all that did not fail
-- column unanswered: count | calls without a result (yet)
-- column denied: count | calls that a person or a rule refused
-- column failure_rate: ratio | failed / (succeeded + failed) of the calls in transcripts; null when no result tells
-- column timed_calls: count | calls of which the tool itself says how long they took: the next two are of these
-- column p50_seconds: seconds | half of them took no longer; within 10 %, or 1 ms; null if the tool never says
-- column p95_seconds: seconds | 95 of 100 took no longer; likewise
-- column p50_wait_seconds: seconds | half of the results came no later after their call, by the times of the transcript's lines: with what a person took to approve; within 10 %
-- column p95_wait_seconds: seconds | 95 of 100 came no later; likewise
-- column first_at: UTC | first call in a transcript
-- column last_at: UTC | last call in a transcript
-- column upstream_calls: count | of calls, those that only an upstream tells of
WITH spread AS (
    SELECT agent, tool, true AS told, unnest(map_entries(durations)) AS of_bucket
    FROM tool_sessions
    WHERE dirty(tool)
    UNION ALL
    SELECT agent, tool, false, unnest(map_entries(waits))
    FROM tool_sessions
    WHERE dirty(tool)
),
counted AS (
    SELECT agent, tool, told, of_bucket.key AS bucket, sum(of_bucket.value)::BIGINT AS calls
    FROM spread
    GROUP BY ALL
),
placed AS (
    SELECT
        *,
        sum(calls) OVER (PARTITION BY agent, tool, told ORDER BY bucket)
        / sum(calls) OVER (PARTITION BY agent, tool, told) AS share
    FROM counted
),
timed AS (
    SELECT
        agent,
        tool,
        sum(calls) FILTER (WHERE told)::BIGINT AS timed_calls,
        seconds_of(min(bucket) FILTER (WHERE told AND share >= 0.5)) AS p50_seconds,
        seconds_of(min(bucket) FILTER (WHERE told AND share >= 0.95)) AS p95_seconds,
        seconds_of(min(bucket) FILTER (WHERE NOT told AND share >= 0.5)) AS p50_wait_seconds,
        seconds_of(min(bucket) FILTER (WHERE NOT told AND share >= 0.95)) AS p95_wait_seconds
    FROM placed
    GROUP BY agent, tool
)
SELECT
    s.agent,
    s.tool,
    count(*) AS sessions,
    sum(s.calls)::BIGINT AS calls,
    sum(s.succeeded)::BIGINT AS succeeded,
    sum(s.failed)::BIGINT AS failed,
    sum(s.unflagged)::BIGINT AS unflagged,
    sum(s.unanswered)::BIGINT AS unanswered,
    sum(s.denied)::BIGINT AS denied,
    round(
        sum(s.failed) FILTER (WHERE s.counts_from = 'transcript')
        / nullif(sum(s.succeeded + s.failed) FILTER (WHERE s.counts_from = 'transcript'), 0),
        6
    ) AS failure_rate,
    coalesce(any_value(t.timed_calls), 0)::BIGINT AS timed_calls,
    any_value(t.p50_seconds) AS p50_seconds,
    any_value(t.p95_seconds) AS p95_seconds,
    any_value(t.p50_wait_seconds) AS p50_wait_seconds,
    any_value(t.p95_wait_seconds) AS p95_wait_seconds,
    min(s.first_at) AS first_at,
    max(s.last_at) AS last_at,
    coalesce(sum(s.calls) FILTER (WHERE s.counts_from = 'upstream'), 0)::BIGINT AS upstream_calls
FROM tool_sessions AS s
LEFT JOIN timed AS t ON t.agent = s.agent AND t.tool = s.tool
WHERE dirty(s.tool)
GROUP BY s.agent, s.tool
