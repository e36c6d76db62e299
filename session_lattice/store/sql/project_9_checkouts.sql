-- of: checkout.observed
-- What the disk says of a directory may change: the last word counts, but a `.git` that was
-- seen once is not unsaid by its worktree being gone.
MERGE INTO checkouts AS c
USING (
    SELECT
        cwd, repo, worktree, evidence,
        origin, position AS changed
    FROM batch
    WHERE type = 'checkout.observed'
    QUALIFY row_number() OVER (
        PARTITION BY cwd
        ORDER BY list_position(['cwd', 'upstream', 'layout', 'git'], evidence) DESC, position DESC
    ) = 1
) AS b
ON c.cwd = b.cwd
WHEN MATCHED
    AND list_position(['cwd', 'upstream', 'layout', 'git'], b.evidence)
        >= list_position(['cwd', 'upstream', 'layout', 'git'], c.evidence)
THEN UPDATE SET
    repo = b.repo, worktree = b.worktree, evidence = b.evidence, origin = b.origin, changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME
