-- Which sessions read or changed this file?
-- axis: files
-- grain: path, session, action
-- within: session
-- key: session
-- dirty: file_touches.session
-- column path: | absolute where the transcript's directory is known
-- column session: | agent and the agent's own id
-- column action: | read, search, create, edit, delete or move
-- column touches: count | calls that named the file
-- column succeeded: count | of these, calls that worked
-- column failed: count | of these, calls that failed or were refused
-- column first_at: UTC | first touch
-- column last_at: UTC | last touch
-- column branches: | branches that the session was on
SELECT
    path,
    session,
    action,
    count(*) AS touches,
    count(*) FILTER (WHERE succeeded) AS succeeded,
    count(*) FILTER (WHERE NOT succeeded) AS failed,
    min(ts) AS first_at,
    max(ts) AS last_at,
    coalesce(list(DISTINCT branch ORDER BY branch) FILTER (WHERE branch IS NOT NULL), []) AS branches
FROM file_touches
WHERE dirty(session)
GROUP BY path, session, action
