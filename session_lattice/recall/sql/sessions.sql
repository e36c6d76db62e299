-- A page of sessions, newest first, behind the one that began at $began and is called $session.
-- A repository is a directory with a `.git` or with the layout of one.
WITH page AS MATERIALIZED (
    SELECT
        session, cwd, path, prompts, replies, models,
        started_at, ended_at, duration_seconds,
        input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
        coalesce(started_at, TIMESTAMP '0001-01-01 00:00:00') AS began
    FROM session_overview
    WHERE began < $began OR (began = $began AND session > $session)
    ORDER BY began DESC, session
    LIMIT $limit
),
said AS (
    SELECT
        session,
        arg_max(left(text, 200), (ts, changed, message))
            FILTER (WHERE kind = 'prompt' AND subagent = '') AS last_prompt,
        count(*) FILTER (WHERE subagent <> '') AS is_sidechain_count
    FROM messages
    WHERE session IN (SELECT session FROM page)
    GROUP BY session
),
called AS (
    SELECT
        session,
        list({'tool': tool, 'calls': calls, 'errors': failed} ORDER BY tool) AS tools
    FROM tool_sessions
    WHERE session IN (SELECT session FROM page)
    GROUP BY session
),
worked AS (
    SELECT session, list(repo ORDER BY repo) AS repos
    FROM repo_sessions
    WHERE session IN (SELECT session FROM page)
        AND repo IN (SELECT repo FROM checkouts WHERE evidence IN ('git', 'layout'))
    GROUP BY session
)
SELECT
    page.began,
    page.session,
    page.cwd,
    epoch_us(page.started_at) // 1_000_000 AS started_at,
    epoch_us(page.ended_at) // 1_000_000 AS ended_at,
    page.prompts,
    page.replies,
    said.last_prompt,
    coalesce(page.path, '') AS source_file,
    (page.duration_seconds * 1000)::BIGINT AS duration_ms,
    page.input_tokens,
    page.output_tokens,
    page.cache_read_tokens,
    page.cache_write_tokens,
    coalesce(said.is_sidechain_count, 0) AS is_sidechain_count,
    page.models,
    coalesce(called.tools, []) AS tools,
    coalesce(worked.repos, []) AS repos
FROM page
LEFT JOIN said ON said.session = page.session
LEFT JOIN called ON called.session = page.session
LEFT JOIN worked ON worked.session = page.session
ORDER BY page.began DESC, page.session
