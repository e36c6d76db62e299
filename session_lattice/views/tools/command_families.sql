-- Which programs do agents run, for what kind of work, how often do they fail and how long do they take?
-- axis: tools
-- grain: agent, family, program
-- key: program
-- dirty: session_commands.program
-- column agent: | claude_code or codex
-- column family: | kind of work: git, forge, test, lint, build, package, task (what a runner was told to do and is none of these), read, search, edit, files, network, container, cloud, database, python, node, runtime, process, agent, script (the project's own), shell or other
-- column program: | the program's name without its directory, as in session_commands
-- column calls: count | calls that ran it
-- column succeeded: count | calls whose result says that they worked
-- column failed: count | calls whose result says that they failed, refused ones too; if they ran several programs, any of these may have
-- column unflagged: count | calls with a result that does not tell, or none (yet)
-- column failure_rate: ratio | failed / (succeeded + failed) of the calls that ran nothing else; null when there is none that tells
-- column exit_codes: | exit codes other than 0 that the transcripts tell
-- column sessions: count | sessions that ran it
-- column timed_calls: count | calls of which the tool itself says how long they took: the next column is of these
-- column p50_seconds: seconds | half of them took no longer, with all else that they ran; within 10 %, or 1 ms
-- column p50_wait_seconds: seconds | half of the results came no later after their call, by the times of the transcript's lines: with what a person took to approve; within 10 %
-- column first_at: UTC | first call
-- column last_at: UTC | last call
WITH spread AS (
    SELECT agent, family, program, true AS told, unnest(map_entries(durations)) AS of_bucket
    FROM session_commands
    WHERE dirty(program)
    UNION ALL
    SELECT agent, family, program, false, unnest(map_entries(waits))
    FROM session_commands
    WHERE dirty(program)
),
counted AS (
    SELECT agent, family, program, told, of_bucket.key AS bucket, sum(of_bucket.value)::BIGINT AS calls
    FROM spread
    GROUP BY ALL
),
placed AS (
    SELECT
        *,
        sum(calls) OVER (PARTITION BY agent, family, program, told ORDER BY bucket)
        / sum(calls) OVER (PARTITION BY agent, family, program, told) AS share
    FROM counted
),
timed AS (
    SELECT
        agent,
        family,
        program,
        sum(calls) FILTER (WHERE told)::BIGINT AS timed_calls,
        seconds_of(min(bucket) FILTER (WHERE told AND share >= 0.5)) AS p50_seconds,
        seconds_of(min(bucket) FILTER (WHERE NOT told AND share >= 0.5)) AS p50_wait_seconds
    FROM placed
    GROUP BY agent, family, program
)
SELECT
    s.agent,
    s.family,
    s.program,
    sum(s.calls)::BIGINT AS calls,
    sum(s.succeeded)::BIGINT AS succeeded,
    sum(s.failed)::BIGINT AS failed,
    sum(s.unflagged)::BIGINT AS unflagged,
    round(sum(s.sole_failed) / nullif(sum(s.sole_succeeded + s.sole_failed), 0), 6) AS failure_rate,
    list_sort(list_distinct(flatten(list(s.exit_codes)))::INTEGER[])::VARCHAR[] AS exit_codes,
    count(*) AS sessions,
    coalesce(any_value(t.timed_calls), 0)::BIGINT AS timed_calls,
    any_value(t.p50_seconds) AS p50_seconds,
    any_value(t.p50_wait_seconds) AS p50_wait_seconds,
    min(s.first_at) AS first_at,
    max(s.last_at) AS last_at
FROM session_commands AS s
LEFT JOIN timed AS t
    ON t.agent = s.agent AND t.family = s.family AND t.program = s.program
WHERE dirty(s.program)
GROUP BY s.agent, s.family, s.program
