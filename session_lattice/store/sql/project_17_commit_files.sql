-- of: commit.observed
-- Of commits that came with this batch: their rows have its positions.
INSERT INTO commit_files BY NAME
SELECT
    n.repo,
    n.sha,
    n.file.path AS path,
    n.repo || '/' || n.file.path AS file,
    n.repo || '/' || nullif(n.file.former_path, '') AS former_file,
    n.file.status AS status,
    coalesce(n.file.additions, 0) AS additions,
    coalesce(n.file.deletions, 0) AS deletions,
    coalesce(n.file."binary", false) AS is_binary,
    coalesce(n.file.lines, []) AS lines,
    n.committed_at,
    n.origin,
    n.position AS changed
FROM (
    SELECT b.repo, b.sha, unnest(b.changes) AS file, b.committed_at, b.origin, b.position
    FROM batch AS b
    JOIN commits AS c ON c.repo = b.repo AND c.sha = b.sha AND c.changed = b.position
    WHERE b.type = 'commit.observed'
) AS n
QUALIFY row_number() OVER (PARTITION BY n.repo, n.sha, n.file.path ORDER BY n.position) = 1
ORDER BY n.position
