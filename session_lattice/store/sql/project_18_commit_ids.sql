-- of: commit.observed
-- UUIDs in the trailers of commits that came with this batch.
INSERT INTO commit_ids BY NAME
SELECT DISTINCT ON (repo, sha, id, trailer)
    t.repo,
    t.sha,
    lower(unnest(regexp_extract_all(
        t.trailer."value",
        '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'
    ))) AS id,
    t.trailer."key" AS trailer,
    t.origin,
    t.changed
FROM (
    SELECT c.repo, c.sha, unnest(c.trailers) AS trailer, c.origin, c.changed
    FROM commits AS c
    JOIN batch AS b ON b.repo = c.repo AND b.sha = c.sha AND b.position = c.changed
    WHERE b.type = 'commit.observed' AND len(b.trailers) > 0
) AS t
ORDER BY ALL
