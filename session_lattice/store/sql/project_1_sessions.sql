-- A session is the fold of all its events: the first place, the best title, the last state.
-- Of titles the higher rank wins, then the later one; of first prompts (rank 1) the first.
-- A report makes the row exist and tells nothing more: until another event comes, the
-- transcript is 'unread' and what only a transcript can tell is NULL.
MERGE INTO sessions AS s
USING (
    SELECT
        session,
        any_value(agent) AS agent,
        any_value(id) AS id,
        coalesce(max(title_rank), 0) AS title_rank,
        CASE
            WHEN max(title_rank) > 1
            THEN arg_max(title, (title_rank, position)) FILTER (WHERE title IS NOT NULL)
            ELSE arg_min(title, position) FILTER (WHERE title IS NOT NULL)
        END AS title,
        arg_max(path, position)
            FILTER (WHERE path IS NOT NULL AND subagent = '' AND NOT told) AS path,
        arg_max(
            CASE WHEN state IN ('archived', 'deleted', 'unreadable') THEN state ELSE 'present' END,
            position
        ) FILTER (WHERE state IS NOT NULL AND subagent = '') AS state,
        bool_or(NOT told) AS is_read,
        arg_max(version, position) FILTER (WHERE version IS NOT NULL) AS version,
        arg_min(entrypoint, position) FILTER (WHERE entrypoint IS NOT NULL) AS entrypoint,
        arg_min(cwd, position) FILTER (WHERE cwd IS NOT NULL AND NOT told) AS cwd,
        arg_min(branch, position) FILTER (WHERE branch IS NOT NULL AND NOT told) AS branch,
        arg_min(agent || '/' || parent_session, position)
            FILTER (WHERE parent_session IS NOT NULL) AS parent_session,
        arg_min(agent || '/' || forked_from, position)
            FILTER (WHERE forked_from IS NOT NULL) AS forked_from,
        arg_min(repository_url, position)
            FILTER (WHERE repository_url IS NOT NULL) AS repository_url,
        coalesce(bool_or(sample), false) AS sample,
        min(ts) FILTER (WHERE type <> 'transcript.changed' AND NOT told) AS started_at,
        max(ts) FILTER (WHERE type <> 'transcript.changed' AND NOT told) AS ended_at,
        arg_min(origin, (told, position)) AS origin,
        max(position) AS changed
    FROM (SELECT *, type = 'session.reported' AS told FROM batch)
    WHERE session IS NOT NULL
    GROUP BY session
) AS b
ON s.session = b.session
WHEN MATCHED THEN UPDATE SET
    title = CASE WHEN b.title IS NOT NULL AND (b.title_rank > s.title_rank OR b.title_rank = s.title_rank AND s.title_rank > 1) THEN b.title ELSE s.title END,
    title_rank = greatest(s.title_rank, b.title_rank),
    path = coalesce(b.path, s.path),
    transcript = CASE
        WHEN b.state IS NOT NULL THEN b.state
        WHEN b.is_read AND s.transcript = 'unread' THEN 'present'
        ELSE s.transcript
    END,
    origin = if(b.is_read AND s.transcript = 'unread', b.origin, s.origin),
    version = coalesce(b.version, s.version),
    entrypoint = coalesce(s.entrypoint, b.entrypoint),
    cwd = coalesce(s.cwd, b.cwd),
    branch = coalesce(s.branch, b.branch),
    parent_session = coalesce(s.parent_session, b.parent_session),
    forked_from = coalesce(s.forked_from, b.forked_from),
    repository_url = coalesce(s.repository_url, b.repository_url),
    sample = s.sample OR b.sample,
    started_at = least(s.started_at, b.started_at),
    ended_at = greatest(s.ended_at, b.ended_at),
    changed = b.changed
WHEN NOT MATCHED THEN INSERT (
    session, agent, id, title, title_rank, path, transcript, version, entrypoint, cwd, branch,
    parent_session, forked_from, repository_url, sample, started_at, ended_at, origin, changed
) VALUES (
    b.session, b.agent, b.id, b.title, b.title_rank, b.path,
    coalesce(b.state, if(b.is_read, 'present', 'unread')),
    b.version, b.entrypoint, b.cwd, b.branch, b.parent_session, b.forked_from, b.repository_url,
    b.sample, b.started_at, b.ended_at, b.origin, b.changed
)
