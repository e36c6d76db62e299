-- Which commits did no known session write, though sessions worked in the repository by then?
-- axis: attribution
-- grain: repo, sha
-- key: sha
-- dirty: commits.sha
-- dirty: commit_sessions.sha
-- dirty: SELECT c.sha FROM changed(session_branches) AS b JOIN commits AS c ON c.repo = b.repo
--   WHERE c.committed_at >= b.first_at AND b.first_at <= coalesce(
--   (SELECT min(o.first_at) FROM session_branches AS o WHERE o.repo = b.repo), b.first_at)
-- column repo: | repository: its main checkout's directory
-- column sha: | the commit: one since the first session known to have worked in the repository
-- column committed_at: UTC | when it was committed
-- column author: | the author's name
-- column by_bot: | whether the author calls itself a bot
-- column merge: | whether it has two parents or more: it has no lines of its own then
-- column subject: | the first line of the message
-- column weak_candidates: count | sessions that edited its files within 14 days before, or wrote a few of its lines
-- column nearest: | of these, the one of which most speaks; null without one
-- column files_changed: count | files that it changes
-- column additions: lines | added
-- column deletions: lines | taken away
SELECT
    c.repo,
    c.sha,
    c.committed_at,
    c.author_name AS author,
    c.by_bot,
    c.merge,
    c.subject,
    coalesce(s.weak_candidates, 0) AS weak_candidates,
    s.sessions[1] AS nearest,
    c.files_changed,
    c.additions,
    c.deletions
FROM commits AS c
JOIN (
    SELECT repo, min(first_at) AS first_at FROM session_branches GROUP BY repo
) AS k ON k.repo = c.repo AND c.committed_at >= k.first_at
LEFT JOIN commit_sessions AS s ON s.repo = c.repo AND s.sha = c.sha
WHERE dirty(c.sha) AND coalesce(s.confidence, 'weak') = 'weak'
