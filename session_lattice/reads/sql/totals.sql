-- What there is altogether, for whoever asks for the first time.
SELECT
    count(*) AS sessions,
    count(DISTINCT repo) AS repos,
    list(DISTINCT agent ORDER BY agent) AS agents,
    min(started_at) AS first_at,
    max(ended_at) AS last_at
FROM session_overview
