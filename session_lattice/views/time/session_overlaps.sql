-- Which sessions were at work in one repository at the same time?
-- axis: time
-- grain: session, other, repo
-- key: session
-- dirty: session_hours.session
-- dirty: session_files.session
-- dirty: sessions.session
-- dirty: sessions.parent_session
-- dirty: subagent_links.session
-- dirty: subagent_links.child_session
-- dirty: session_hours.hour -> session_hours.session
-- dirty: SELECT o.session FROM (SELECT session, repo, branch, first_at, date_trunc('hour', last_at)
--   FROM changed(session_branches) GROUP BY ALL HAVING count(*) % 2 = 1) AS b
--   JOIN session_hours AS h ON h.session = b.session JOIN session_hours AS o ON o.hour = h.hour
-- dirty: SELECT v.session FROM (SELECT session, path, file FROM changed(session_files)
--   WHERE edits > 0 GROUP BY ALL HAVING count(*) % 2 = 1) AS n
--   JOIN session_overlaps AS v ON v.other = n.session
-- column session: | agent and the agent's own id; each pair has two rows
-- column other: | the other one; neither of the two started the other; of each session the 20 longest overlaps
-- column repo: | repository that both worked in: its main checkout's directory, or the directory worked in
-- column overlap_seconds: seconds | minutes in which something happened in both, in hours in which both worked there
-- column first_at: UTC | the first such minute
-- column last_at: UTC | the last such minute
-- column same_branches: | branches that both worked on there
-- column same_files: count | files there that both edited, at whatever time
-- column files: | of these, the first 20
WITH mine AS (
    SELECT session, hour, bit_or(minutes_mask) AS mask
    FROM session_hours
    WHERE dirty(session)
    GROUP BY session, hour
),
met AS (
    SELECT
        m.session,
        o.session AS other,
        m.hour,
        list_filter(
            range(60), lambda minute: ((m.mask & bit_or(o.minutes_mask)) >> minute) & 1 = 1
        ) AS minutes
    FROM mine AS m
    JOIN session_hours AS o ON o.hour = m.hour AND o.session <> m.session
    GROUP BY m.session, o.session, m.hour, m.mask
    HAVING len(minutes) > 0
),
places AS (
    SELECT
        session,
        repo,
        date_trunc('hour', min(first_at)) AS first_hour,
        max(last_at) AS last_at,
        list(branch) FILTER (WHERE branch <> '') AS branches
    FROM session_branches
    WHERE repo <> '' AND session IN (SELECT session FROM met UNION SELECT other FROM met)
    GROUP BY session, repo
),
relatives AS (
    SELECT session, parent_session AS other FROM sessions WHERE parent_session IS NOT NULL
    UNION
    SELECT session, child_session FROM subagent_links
),
pairs AS (
    SELECT
        m.session,
        m.other,
        a.repo,
        60 * sum(len(m.minutes))::BIGINT AS overlap_seconds,
        min(m.hour + to_minutes(m.minutes[1])) AS first_at,
        max(m.hour + to_minutes(m.minutes[-1])) AS last_at,
        list_sort(list_intersect(any_value(a.branches), any_value(b.branches))) AS same_branches
    FROM met AS m
    JOIN places AS a ON a.session = m.session AND m.hour BETWEEN a.first_hour AND a.last_at
    JOIN places AS b
        ON b.session = m.other AND b.repo = a.repo AND m.hour BETWEEN b.first_hour AND b.last_at
    GROUP BY m.session, m.other, a.repo
    -- A fleet at work in one repository has as many pairs as it has members, squared.
    QUALIFY row_number() OVER (
        PARTITION BY m.session ORDER BY overlap_seconds DESC, m.other, a.repo
    ) <= 20
),
edited AS (
    SELECT DISTINCT session, repo, file
    FROM session_files
    WHERE edits > 0 AND session IN (SELECT session FROM pairs UNION SELECT other FROM pairs)
)
SELECT
    p.session,
    p.other,
    p.repo,
    any_value(p.overlap_seconds) AS overlap_seconds,
    any_value(p.first_at) AS first_at,
    any_value(p.last_at) AS last_at,
    coalesce(any_value(p.same_branches), []) AS same_branches,
    count(b.file) AS same_files,
    coalesce(list(b.file ORDER BY b.file) FILTER (WHERE b.file IS NOT NULL), [])[:20] AS files
FROM pairs AS p
LEFT JOIN edited AS a ON a.session = p.session AND a.repo = p.repo
LEFT JOIN edited AS b ON b.session = p.other AND b.repo = p.repo AND b.file = a.file
WHERE NOT EXISTS (
    SELECT 1 FROM relatives AS r
    WHERE (r.session = p.session AND r.other = p.other)
        OR (r.session = p.other AND r.other = p.session)
)
GROUP BY p.session, p.other, p.repo
