-- of: session.reported
-- Repositories that a report of the session ever named, as the latest that names it has it.
MERGE INTO session_repos AS s
USING (
    SELECT session, link.repo AS repo, link.name AS name, upstream, origin, position AS changed
    FROM (
        SELECT session, unnest(repos) AS link, upstream, origin, position
        FROM batch
        WHERE type = 'session.reported'
    )
    QUALIFY row_number() OVER (
        PARTITION BY session, link.repo ORDER BY position DESC, link.name
    ) = 1
) AS b
ON s.session = b.session AND s.repo = b.repo
WHEN MATCHED THEN UPDATE SET
    name = b.name, upstream = b.upstream, origin = b.origin, changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
