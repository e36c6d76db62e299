-- of: tool.called, tool.returned
-- Touches named by a call or by its result. Runs after the calls: they tell who succeeded.
INSERT INTO file_touches BY NAME
WITH named AS (
    SELECT session, subagent, call, unnest(files) AS file, ts, cwd,
        branch, origin, position
    FROM batch
    WHERE type IN ('tool.called', 'tool.returned') AND len(files) > 0
)
SELECT
    n.session,
    n.call,
    n.file.path,
    n.file.action,
    n.subagent,
    n.ts,
    if(t.returned_at IS NULL, NULL, coalesce(t.ok, true)) AS succeeded,
    n.cwd,
    n.branch,
    n.origin,
    n.position AS changed,
    coalesce(
        nullif(parse_dirpath(n.file.path, 'both_slash'), ''),
        if(starts_with(n.file.path, '/'), '/', '')
    ) AS dir,
    coalesce(n.file.added, []) AS added,
    coalesce(n.file.removed, []) AS removed
FROM named AS n
JOIN tool_calls AS t ON t.session = n.session AND t.call = n.call
WHERE NOT EXISTS (
    SELECT 1 FROM file_touches AS f
    WHERE f.session = n.session AND f.call = n.call
        AND f.path = n.file.path AND f.action = n.file.action
)
QUALIFY row_number() OVER (
    PARTITION BY n.session, n.call, n.file.path, n.file.action ORDER BY n.position
) = 1
ORDER BY n.position
