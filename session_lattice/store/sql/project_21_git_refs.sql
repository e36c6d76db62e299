-- of: refs.observed
-- The last observation replaces the one before; a reference that is gone keeps an empty row.
MERGE INTO git_refs AS r
USING (
    WITH last_seen AS (
        SELECT repo, refs, origin, position
        FROM batch
        WHERE type = 'refs.observed'
        QUALIFY row_number() OVER (PARTITION BY repo ORDER BY position DESC) = 1
    ),
    told AS (
        SELECT repo, ref."name" AS ref, any_value(ref.sha) AS sha
        FROM (SELECT repo, unnest(refs) AS ref FROM last_seen)
        GROUP BY 1, 2
    ),
    known AS (
        SELECT repo, unnest(refs)."name" AS ref FROM batch WHERE type = 'refs.observed'
        UNION
        SELECT g.repo, g.ref FROM git_refs AS g JOIN last_seen AS l ON l.repo = g.repo
    )
    SELECT
        k.repo,
        k.ref,
        coalesce(t.sha, '') AS sha,
        l.origin,
        l.position AS changed
    FROM known AS k
    JOIN last_seen AS l ON l.repo = k.repo
    LEFT JOIN told AS t ON t.repo = k.repo AND t.ref = k.ref
) AS b
ON r.repo = b.repo AND r.ref = b.ref
WHEN MATCHED AND r.sha <> b.sha THEN UPDATE SET
    sha = b.sha, origin = b.origin, changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
