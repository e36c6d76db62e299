-- of: head.moved
INSERT INTO head_moves BY NAME
SELECT
    repo,
    worktree,
    coalesce("number", 0) AS "number",
    ts,
    sha,
    coalesce(former_sha, '') AS former_sha,
    coalesce("action", '') AS "action",
    branch,
    origin,
    position AS changed
FROM batch AS b
WHERE type = 'head.moved'
    AND NOT EXISTS (
        SELECT 1 FROM head_moves AS h
        WHERE h.worktree = b.worktree AND h.ts = b.ts AND h.sha = b.sha
            AND h.former_sha = coalesce(b.former_sha, '')
    )
QUALIFY row_number() OVER (
    PARTITION BY worktree, ts, sha, coalesce(former_sha, '') ORDER BY position
) = 1
ORDER BY position
