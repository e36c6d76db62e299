-- Which programs did a session run in its shell, and how did that go?
-- axis: tools
-- grain: session, family, program
-- key: session
-- within: session
-- dirty: tool_calls.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column family: | kind of work: git, forge, test, lint, build, package, task (what a runner was told to do and is none of these), read, search, edit, files, network, container, cloud, database, python, node, runtime, process, agent, script (the project's own), shell or other
-- column program: | the program's name without its directory; what only starts another (sudo, time, npx, uv run) is left out, and so is what a pipe leads to; cd, echo and the like count where nothing else was run
-- column agent: | claude_code or codex
-- column calls: count | calls that ran it, however often each
-- column succeeded: count | calls whose result says that they worked
-- column failed: count | calls whose result says that they failed, refused ones too; if they ran several programs, any of these may have
-- column unflagged: count | calls with a result that does not tell, or none (yet)
-- column sole_succeeded: count | of succeeded, those that ran nothing else
-- column sole_failed: count | of failed, those that ran nothing else: it was this program
-- column exit_codes: | exit codes other than 0 that the transcript tells
-- column durations: calls | of each bucket_of(milliseconds) that the tool itself says it took; null if no call does
-- column waits: calls | of each bucket_of(milliseconds) from call to result by the times of their lines; null if no call has both
-- column first_at: UTC | first call
-- column last_at: UTC | last call
WITH calls AS (
    SELECT session, call, unnest(commands_in(command_of(input))) AS piece
    FROM tool_calls
    WHERE dirty(session) AND runs_commands(name)
),
named AS (
    SELECT *, left(program_of(piece), 60) AS program FROM calls
),
sorted AS (
    SELECT DISTINCT n.session, n.call, n.program, family_of(k.family, n.piece) AS family
    FROM named AS n
    LEFT JOIN known_programs AS k ON k.program = n.program
),
counted AS (
    SELECT
        *,
        count(*) OVER of_call AS programs,
        count(*) FILTER (WHERE family <> 'shell') OVER of_call AS others
    FROM sorted
    WINDOW of_call AS (PARTITION BY session, call)
),
-- What only moves about or speaks counts where nothing else was run.
chosen AS (
    SELECT *, if(others = 0, programs, others) = 1 AS sole
    FROM counted
    WHERE family <> 'shell' OR others = 0
)
SELECT
    s.session,
    s.family,
    s.program,
    split_part(s.session, '/', 1) AS agent,
    count(*) AS calls,
    count(*) FILTER (WHERE ok) AS succeeded,
    count(*) FILTER (WHERE NOT ok) AS failed,
    count(*) FILTER (WHERE ok IS NULL) AS unflagged,
    count(*) FILTER (WHERE ok AND sole) AS sole_succeeded,
    count(*) FILTER (WHERE NOT ok AND sole) AS sole_failed,
    coalesce(list_sort(list_distinct(list(exit_code) FILTER (WHERE exit_code <> 0)))::VARCHAR[], [])
        AS exit_codes,
    histogram(bucket_of(duration_ms)) FILTER (WHERE duration_ms >= 0) AS durations,
    histogram(bucket_of(waited_ms(called_at, returned_at)))
        FILTER (WHERE returned_at > called_at) AS waits,
    min(called_at) AS first_at,
    max(called_at) AS last_at
FROM chosen AS s
JOIN tool_calls AS c ON c.session = s.session AND c.call = s.call
WHERE dirty(c.session)
GROUP BY s.session, s.family, s.program
