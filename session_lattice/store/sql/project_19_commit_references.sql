-- of: commit.observed
-- What commits that came with this batch name.
INSERT INTO commit_references BY NAME
SELECT DISTINCT
    r.repo,
    r.sha,
    coalesce(r.reference.host, '') AS host,
    coalesce(lower(r.reference.slug), '') AS slug,
    r.reference."number" AS "number",
    coalesce(r.reference.kind, 'either') AS kind,
    r.origin,
    r.position AS changed
FROM (
    SELECT b.repo, b.sha, unnest(b."references") AS reference, b.origin, b.position
    FROM batch AS b
    JOIN commits AS c ON c.repo = b.repo AND c.sha = b.sha AND c.changed = b.position
    WHERE b.type = 'commit.observed'
) AS r
ORDER BY ALL
