-- of: subagent.linked
-- A child that turns out to be another session's leaves the one that it was linked to: nothing
-- else would tell that session's views.
UPDATE sessions
SET changed = b.position
FROM (
    SELECT l.session, max(b.position) AS position
    FROM batch AS b
    JOIN subagent_links AS l
        ON l.child_session = b.agent || '/' || b.child_session
        AND l.child_subagent = coalesce(b.child_subagent, '')
    WHERE b.type = 'subagent.linked' AND b.call IS NOT NULL AND l.call IS NULL
    GROUP BY l.session
) AS b
WHERE sessions.session = b.session;

-- Several records may tell of one child; the first that names the call names the parent.
MERGE INTO subagent_links AS l
USING (
    SELECT
        agent || '/' || child_session AS child_session,
        coalesce(child_subagent, '') AS child_subagent,
        arg_min(session, (call IS NULL, position)) AS session,
        arg_min(subagent, (call IS NULL, position)) AS subagent,
        arg_min(call, position) FILTER (WHERE call IS NOT NULL) AS call,
        arg_min(kind, position) FILTER (WHERE kind IS NOT NULL) AS kind,
        arg_min(description, position) FILTER (WHERE description IS NOT NULL) AS description,
        arg_min(evidence, (call IS NULL, position)) AS evidence,
        arg_min(ts, position) AS ts,
        arg_min(origin, position) AS origin,
        max(position) AS changed
    FROM batch
    WHERE type = 'subagent.linked'
    GROUP BY 1, 2
) AS b
ON l.child_session = b.child_session AND l.child_subagent = b.child_subagent
WHEN MATCHED THEN UPDATE SET
    session = if(l.call IS NULL AND b.call IS NOT NULL, b.session, l.session),
    subagent = if(l.call IS NULL AND b.call IS NOT NULL, b.subagent, l.subagent),
    evidence = if(l.call IS NULL AND b.call IS NOT NULL, b.evidence, l.evidence),
    call = coalesce(l.call, b.call),
    kind = coalesce(l.kind, b.kind),
    description = coalesce(l.description, b.description),
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
