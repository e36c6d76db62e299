-- What was checked out, and what had happened to this file, when the session first edited it?
-- axis: time
-- grain: session, file
-- key: session
-- dirty: session_files.session
-- dirty: SELECT h.session FROM changed(head_moves) AS m
--   JOIN file_history_at_session_time AS h ON h.worktree = m.worktree AND h.first_edit_at >= m.ts
--   WHERE h.head_evidence IS DISTINCT FROM 'reflog' OR h.head_at <= m.ts
-- dirty: SELECT h.session FROM changed(commits) AS c
--   JOIN file_history_at_session_time AS h ON h.repo = c.repo AND h.first_edit_at >= c.committed_at
--   WHERE h.head_evidence IS DISTINCT FROM 'reflog' AND (h.head_at IS NULL OR h.head_at <= c.committed_at)
-- dirty: SELECT h.session FROM changed(commit_files) AS c
--   JOIN file_history_at_session_time AS h ON h.file = c.file
--   WHERE h.first_edit_at >= c.committed_at - INTERVAL 30 DAYS
--   AND (h.first_edit_at < c.committed_at OR h.last_commit_at IS NULL OR h.last_commit_at <= c.committed_at)
-- dirty: SELECT h.session FROM changed(commit_files) AS c
--   JOIN commit_files AS r ON r.file = c.file AND r.status = 'renamed' AND r.committed_at <= c.committed_at
--   JOIN file_history_at_session_time AS h ON h.file = r.former_file
-- dirty: SELECT h.session FROM (SELECT session, path, file, first_edit_at FROM changed(session_files)
--   WHERE first_edit_at IS NOT NULL GROUP BY ALL HAVING count(*) % 2 = 1) AS n
--   JOIN file_history_at_session_time AS h ON h.file = n.file AND h.first_edit_at > n.first_edit_at
--   WHERE h.last_session_at IS NULL OR h.last_session_at <= n.first_edit_at
-- column session: | agent and the agent's own id
-- column file: | the file's path in the repository's main checkout, the same from every worktree
-- column repo: | repository: its main checkout's directory
-- column worktree: | checkout in which the session edited it first
-- column first_edit_at: UTC | when the session edited it first
-- column head_sha: | the commit that was checked out then; null where nothing tells
-- column head_at: UTC | since when it was; if head_evidence is newest commit, when that was committed
-- column head_evidence: | reflog: the worktree's own record; newest commit: the newest one of the repository then, on whatever branch
-- column last_commit: | hash of the newest commit on the file until then, on whatever branch
-- column last_commit_at: UTC | when that was committed
-- column last_commit_author: | its author's name
-- column last_commit_subject: | first line of its message
-- column last_commit_age_seconds: seconds | from there to the session's first edit
-- column last_session: | the session that had begun to edit the file last before
-- column last_session_at: UTC | when that edited it first
-- column commits_since: count | commits on the file, also under the name that it was given since, in the 30 days after the session's first edit
-- column next_commit: | the first of these
-- column next_commit_at: UTC | when that was committed
WITH mine AS (
    SELECT
        session,
        file,
        any_value(repo) AS repo,
        arg_min(worktree, (first_edit_at, worktree)) AS worktree,
        min(first_edit_at) AS first_edit_at
    FROM session_files
    WHERE dirty(session) AND edits > 0 AND file IS NOT NULL AND repo IS NOT NULL
    GROUP BY session, file
),
moves AS (
    SELECT worktree, ts, arg_max(sha, number) AS sha
    FROM head_moves
    WHERE worktree IN (SELECT worktree FROM mine)
    GROUP BY worktree, ts
),
headed AS (
    SELECT m.*, h.sha AS head_sha, h.ts AS head_at
    FROM mine AS m
    ASOF LEFT JOIN moves AS h ON h.worktree = m.worktree AND h.ts <= m.first_edit_at
),
newest AS (
    SELECT repo, committed_at, max(sha) AS sha
    FROM commits
    WHERE repo IN (SELECT repo FROM headed WHERE head_sha IS NULL)
    GROUP BY repo, committed_at
),
on_file AS (
    SELECT file, repo, sha, committed_at
    FROM commit_files
    WHERE file IN (SELECT file FROM mine)
    UNION
    SELECT r.former_file, c.repo, c.sha, c.committed_at
    FROM commit_files AS r
    JOIN commit_files AS c ON c.file = r.file AND c.committed_at >= r.committed_at
    WHERE r.status = 'renamed' AND r.former_file IN (SELECT file FROM mine)
),
by_time AS (
    SELECT file, committed_at, arg_min(repo, sha) AS repo, min(sha) AS sha, count(*) AS commits
    FROM on_file
    GROUP BY file, committed_at
),
others AS (
    SELECT file, first_edit_at, min(session) AS session
    FROM session_files
    WHERE file IN (SELECT file FROM mine) AND edits > 0
    GROUP BY file, first_edit_at
),
since AS (
    SELECT
        m.session,
        m.file,
        sum(o.commits)::BIGINT AS commits,
        arg_min(o.sha, o.committed_at) AS sha,
        min(o.committed_at) AS committed_at
    FROM mine AS m
    JOIN by_time AS o ON o.file = m.file
    WHERE o.committed_at > m.first_edit_at
        AND o.committed_at <= m.first_edit_at + INTERVAL 30 DAYS
    GROUP BY m.session, m.file
)
SELECT
    m.session,
    m.file,
    m.repo,
    m.worktree,
    m.first_edit_at,
    coalesce(m.head_sha, n.sha) AS head_sha,
    coalesce(m.head_at, n.committed_at) AS head_at,
    CASE
        WHEN m.head_sha IS NOT NULL THEN 'reflog'
        WHEN n.sha IS NOT NULL THEN 'newest commit'
    END AS head_evidence,
    b.sha AS last_commit,
    b.committed_at AS last_commit_at,
    c.author_name AS last_commit_author,
    c.subject AS last_commit_subject,
    round(epoch(m.first_edit_at) - epoch(b.committed_at), 3) AS last_commit_age_seconds,
    o.session AS last_session,
    o.first_edit_at AS last_session_at,
    coalesce(s.commits, 0) AS commits_since,
    s.sha AS next_commit,
    s.committed_at AS next_commit_at
FROM headed AS m
ASOF LEFT JOIN newest AS n
    ON n.repo = if(m.head_sha IS NULL, m.repo, NULL) AND n.committed_at <= m.first_edit_at
ASOF LEFT JOIN by_time AS b ON b.file = m.file AND b.committed_at <= m.first_edit_at
ASOF LEFT JOIN others AS o ON o.file = m.file AND o.first_edit_at < m.first_edit_at
LEFT JOIN commits AS c ON c.repo = b.repo AND c.sha = b.sha
LEFT JOIN since AS s ON s.session = m.session AND s.file = m.file
