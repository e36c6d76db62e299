-- Which repositories are read, and where do they come from?
-- axis: attribution
-- grain: repo
-- dirty: git_repos.repo
-- column repo: | repository: its main checkout's directory; a bare one's own
-- column host: | of its remote: github.com; empty without one
-- column slug: | owner/repo there, lower case; empty without one
-- column remote_url: | as it is configured
-- column default_branch: | the remote's, or what stands for it here
-- column bare: | whether it has no checkout of its own
-- column shallow: | whether its older commits are missing
SELECT
    repo,
    coalesce(host, '') AS host,
    coalesce(slug, '') AS slug,
    remote_url,
    default_branch,
    bare,
    shallow
FROM git_repos
WHERE dirty(repo)
