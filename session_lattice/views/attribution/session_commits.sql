-- Which session wrote this commit, by which evidence, and who else may have?
-- axis: attribution
-- grain: repo, sha, session
-- key: sha
-- dirty: commit_candidates.sha
-- column repo: | repository: its main checkout's directory
-- column sha: | the commit
-- column session: | a session that may have written it: agent and the agent's own id
-- column best: | whether nothing speaks more for another session
-- column tied: | whether it is best and another session is just as good
-- column confidence: | exact, strong or weak: weak is no more than a hint
-- column evidence: | the best there is: trailer, printed, reflog, wrote or overlap; commit_candidates explains them
-- column evidences: | all there is, the best first
-- column rank: | 1 trailer, 2 printed, 3 reflog, 4 wrote and strong, 5 wrote and weak, 6 overlap
-- column line_share: ratio | part of the commit's sampled lines that the session wrote before
-- column shared_lines: count | sampled lines that it wrote and the commit adds
-- column shared_files: count | files of the commit that it edited within 30 days before
-- column seconds_to_commit: seconds | from its last edit of such a file to the commit; null without one
-- column branch: | where it was committed, as printed, else where the session made that edit
-- column candidates: count | sessions that may have written it
-- column committed_at: UTC | when it was committed
-- column author: | the author's name
-- column by_bot: | whether the author calls itself a bot
-- column subject: | the first line of the message
WITH ranked AS (
    SELECT
        *,
        rank() OVER (
            PARTITION BY repo, sha
            ORDER BY rank, line_share DESC, seconds_to_commit NULLS LAST
        ) = 1 AS best,
        count(*) OVER (PARTITION BY repo, sha) AS candidates
    FROM commit_candidates
    WHERE dirty(sha)
)
SELECT
    r.repo,
    r.sha,
    r.session,
    r.best,
    r.best AND count(*) FILTER (WHERE r.best) OVER (PARTITION BY r.repo, r.sha) > 1 AS tied,
    r.confidence,
    r.evidence,
    r.evidences,
    r.rank,
    r.line_share,
    r.shared_lines,
    r.shared_files,
    r.seconds_to_commit,
    r.branch,
    r.candidates,
    c.committed_at,
    c.author_name AS author,
    c.by_bot,
    c.subject
FROM ranked AS r
JOIN commits AS c ON c.repo = r.repo AND c.sha = r.sha
WHERE dirty(c.sha)
