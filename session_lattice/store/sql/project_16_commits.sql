-- of: commit.observed
-- A commit never changes: the first word on it counts.
INSERT INTO commits BY NAME
SELECT
    repo,
    sha,
    left(sha, 7) AS sha7,
    coalesce(parents, []) AS parents,
    coalesce(author_name, '') AS author_name,
    coalesce(author_email, '') AS author_email,
    coalesce(committer_name, '') AS committer_name,
    coalesce(committer_email, '') AS committer_email,
    authored_at,
    committed_at,
    coalesce(subject, '') AS subject,
    coalesce(body, '') AS body,
    coalesce(trailers, []) AS trailers,
    regexp_matches(
        concat_ws(chr(10), author_name, author_email),
        '\[bot\]|\b(dependabot|renovate|github-actions|greenkeeper|semantic-release)\b|[ -]bot$',
        'im'
    ) AS by_bot,
    coalesce(len(parents), 0) > 1 AS merge,
    coalesce(files_changed, 0) AS files_changed,
    coalesce(additions, 0) AS additions,
    coalesce(deletions, 0) AS deletions,
    origin,
    position AS changed
FROM batch AS b
WHERE type = 'commit.observed'
    AND NOT EXISTS (SELECT 1 FROM commits AS c WHERE c.repo = b.repo AND c.sha = b.sha)
QUALIFY row_number() OVER (PARTITION BY repo, sha ORDER BY position) = 1
ORDER BY position
