-- Whose is this commit: which session's, and how sure is that?
-- axis: attribution
-- grain: repo, sha
-- key: sha
-- dirty: session_commits.sha
-- column repo: | repository: its main checkout's directory
-- column sha: | the commit; one that no session may have written has no row
-- column committed_at: UTC | when it was committed
-- column author: | the author's name
-- column by_bot: | whether the author calls itself a bot
-- column subject: | the first line of the message
-- column sessions: | the session for which most speaks; several if they are tied
-- column confidence: | exact, strong or weak: weak is no more than a hint
-- column evidence: | trailer, printed, reflog, wrote or overlap; commit_candidates explains them
-- column line_share: ratio | part of the commit's sampled lines that the session wrote before
-- column branch: | where it was committed, as printed, else where the session made its last edit before
-- column candidates: count | sessions that may have written it, these included
-- column weak_candidates: count | of candidates, those of which hardly more than the time and the file speak
-- column files_changed: count | files that the commit changes
-- column additions: lines | added
-- column deletions: lines | taken away
SELECT
    s.repo,
    s.sha,
    any_value(c.committed_at) AS committed_at,
    any_value(c.author_name) AS author,
    any_value(c.by_bot) AS by_bot,
    any_value(c.subject) AS subject,
    list(s.session ORDER BY s.session) FILTER (WHERE s.best) AS sessions,
    any_value(s.confidence) FILTER (WHERE s.best) AS confidence,
    any_value(s.evidence) FILTER (WHERE s.best) AS evidence,
    any_value(s.line_share) FILTER (WHERE s.best) AS line_share,
    min(s.branch) FILTER (WHERE s.best) AS branch,
    count(*) AS candidates,
    count(*) FILTER (WHERE s.confidence = 'weak') AS weak_candidates,
    any_value(c.files_changed) AS files_changed,
    any_value(c.additions) AS additions,
    any_value(c.deletions) AS deletions
FROM session_commits AS s
JOIN commits AS c ON c.repo = s.repo AND c.sha = s.sha
WHERE dirty(s.sha) AND dirty(c.sha)
GROUP BY s.repo, s.sha
