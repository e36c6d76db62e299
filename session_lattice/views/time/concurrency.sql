-- How many agents were at work at once, hour by hour?
-- axis: time
-- grain: hour
-- dirty: session_hours.hour
-- column hour: UTC | its beginning; hours without work have no row
-- column sessions: count | sessions in which something happened
-- column subagents: count | of the threads, those that are subagents within a session
-- column threads: count | main threads and subagents in which something happened
-- column peak_agents: count | most threads in which something happened in one and the same minute
-- column peak_at: UTC | the first minute with that many
-- column agent_minutes: minutes | minutes in which something happened, of each thread
-- column active_minutes: minutes | minutes in which something happened in any of them
-- column mean_agents: ratio | agent_minutes / active_minutes: threads at work in a minute with any work
WITH threads AS (
    SELECT session, subagent, hour, minutes_mask, active_minutes
    FROM session_hours
    WHERE dirty(hour)
),
crowds AS (
    SELECT t.hour, m.minute, count(*) AS agents
    FROM threads AS t, range(60) AS m(minute)
    WHERE (t.minutes_mask >> m.minute::UBIGINT) & 1 = 1
    GROUP BY t.hour, m.minute
),
peaks AS (
    SELECT hour, max(agents) AS peak_agents, arg_max(minute, (agents, -minute)) AS minute
    FROM crowds
    GROUP BY hour
)
SELECT
    t.hour,
    count(DISTINCT t.session) AS sessions,
    count(*) FILTER (WHERE t.subagent <> '') AS subagents,
    count(*) AS threads,
    any_value(p.peak_agents) AS peak_agents,
    t.hour + to_minutes(any_value(p.minute)) AS peak_at,
    sum(t.active_minutes)::BIGINT AS agent_minutes,
    bit_count(bit_or(t.minutes_mask))::BIGINT AS active_minutes,
    round(sum(t.active_minutes) / bit_count(bit_or(t.minutes_mask)), 3) AS mean_agents
FROM threads AS t
JOIN peaks AS p ON p.hour = t.hour
GROUP BY t.hour
