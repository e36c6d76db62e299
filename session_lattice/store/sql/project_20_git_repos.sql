-- of: refs.observed
-- A repository as it was seen last. Of its remote's address the host and owner/repo: both
-- `https://host/owner/repo.git` and `git@host:owner/repo` have them at the end.
MERGE INTO git_repos AS r
USING (
    SELECT
        repo,
        head,
        head_sha,
        default_branch,
        remote_url,
        nullif(lower(regexp_extract(remote_url, '^(?:[a-z+]+://)?(?:[^/@]*@)?([^/:]+)', 1)), '')
            AS host,
        nullif(lower(regexp_extract(remote_url, '([^/:]+/[^/:]+?)(?:\.git)?/*$', 1)), '') AS slug,
        coalesce(shallow, false) AS shallow,
        coalesce(bare, false) AS bare,
        ts AS observed_at,
        origin,
        position AS changed
    FROM batch
    WHERE type = 'refs.observed'
    QUALIFY row_number() OVER (PARTITION BY repo ORDER BY position DESC) = 1
) AS b
ON r.repo = b.repo
WHEN MATCHED THEN UPDATE SET
    head = b.head,
    head_sha = b.head_sha,
    default_branch = b.default_branch,
    remote_url = b.remote_url,
    host = b.host,
    slug = b.slug,
    shallow = b.shallow,
    bare = b.bare,
    observed_at = b.observed_at,
    origin = b.origin,
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
