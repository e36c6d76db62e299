-- of: reference.observed
INSERT INTO session_references BY NAME
WITH named AS (
    SELECT
        session, subagent, coalesce(host, '') AS host, coalesce(lower(slug), '') AS slug,
        "number", coalesce(kind, 'either') AS kind, evidence, coalesce(call, '') AS call,
        coalesce(message, '') AS message, ts, cwd, branch, origin, position
    FROM batch
    WHERE type = 'reference.observed'
)
SELECT n.* EXCLUDE (position), n.position AS changed
FROM named AS n
WHERE NOT EXISTS (
    SELECT 1 FROM session_references AS r
    WHERE r.session = n.session AND r.host = n.host AND r.slug = n.slug
        AND r."number" = n."number" AND r.kind = n.kind AND r.evidence = n.evidence
        AND r.call = n.call AND r.message = n.message
)
QUALIFY row_number() OVER (
    PARTITION BY session, host, slug, "number", kind, evidence, call, message ORDER BY position
) = 1
ORDER BY position
