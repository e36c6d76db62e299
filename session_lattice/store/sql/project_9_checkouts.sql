-- What the disk says of a directory may change; the last word counts.
MERGE INTO checkouts AS c
USING (
    SELECT
        data.cwd AS cwd, data.repo AS repo, data.worktree AS worktree, data.evidence AS evidence,
        origin, position AS changed
    FROM batch
    WHERE type = 'checkout.observed'
    QUALIFY row_number() OVER (PARTITION BY data.cwd ORDER BY position DESC) = 1
) AS b
ON c.cwd = b.cwd
WHEN MATCHED THEN UPDATE SET
    repo = b.repo, worktree = b.worktree, evidence = b.evidence, origin = b.origin, changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
