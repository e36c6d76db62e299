-- When was this pull request merged, by whom, and with which last commit?
-- axis: attribution
-- grain: repo, sha, host, slug, number
-- key: sha
-- dirty: commits.sha
-- dirty: commit_references.sha
-- column repo: | repository: its main checkout's directory
-- column sha: | the merge; a pull request that was squashed has none: session_pull_requests knows it by its commit
-- column host: | the forge; empty where the message does not say
-- column slug: | owner/repo there, lower case; empty for the repository's own
-- column number: | the pull request's
-- column last_commit: | the last commit that came in with it
-- column merged_at: UTC | when it was merged
-- column merged_by: | name of the merge's author
-- column subject: | first line of the merge's message
SELECT
    c.repo,
    c.sha,
    r.host,
    r.slug,
    r.number,
    c.parents[2] AS last_commit,
    c.committed_at AS merged_at,
    c.author_name AS merged_by,
    c.subject
FROM commits AS c
JOIN commit_references AS r ON r.repo = c.repo AND r.sha = c.sha
WHERE dirty(c.sha) AND dirty(r.sha) AND c.merge AND r.kind = 'pull_request'
