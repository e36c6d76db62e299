-- To which five-hour billing block does each hour with usage belong?
-- axis: time
-- grain: agent, hour
-- key: agent
-- An hour with a response never loses it, so that only a new one can move blocks.
-- dirty: SELECT u.agent FROM changed(session_usage) AS u
--   ANTI JOIN block_hours AS b ON b.agent = u.agent AND b.hour = u.hour
-- column agent: | claude_code or codex
-- column hour: UTC | an hour in which a response began
-- column started_at: UTC | beginning of its block
-- A block begins with the first hour with usage that is in no block before it, and has five hours;
-- so the hours alone tell. Each is drawn as a character, 1 with usage and 0 without, and what
-- matches is a block. Silence of five hours is as good as a longer one.
WITH hours AS (
    SELECT
        agent,
        hour,
        row_number() OVER in_order AS number,
        least(coalesce(date_diff('hour', lag(hour) OVER in_order, hour), 1), 5) AS step
    FROM (SELECT DISTINCT agent, hour FROM session_usage WHERE dirty(agent))
    WINDOW in_order AS (PARTITION BY agent ORDER BY hour)
),
drawn AS (
    SELECT
        agent,
        regexp_extract_all(
            string_agg(repeat('0', step - 1) || '1', '' ORDER BY hour) || '0000', '1....'
        ) AS blocks
    FROM hours
    GROUP BY agent
),
counted AS (
    SELECT agent, place, length(replace(blocks[place], '0', '')) AS used
    FROM (SELECT agent, blocks, unnest(range(1, len(blocks) + 1)) AS place FROM drawn)
),
placed AS (
    SELECT agent, place, row_number() OVER (PARTITION BY agent ORDER BY place) AS number
    FROM (SELECT agent, place, unnest(range(used)) FROM counted)
)
SELECT
    h.agent,
    h.hour,
    min(h.hour) OVER (PARTITION BY h.agent, p.place) AS started_at
FROM hours AS h
JOIN placed AS p ON p.agent = h.agent AND p.number = h.number
