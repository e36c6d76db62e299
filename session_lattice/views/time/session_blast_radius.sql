-- What did this session touch, who else was at it, and what has changed there since?
-- axis: time
-- grain: session
-- dirty: session_files.session
-- dirty: session_commits.session
-- dirty: reference_sessions.session
-- dirty: SELECT f.session FROM changed(commit_files) AS c JOIN session_files AS f ON f.file = c.file
--   WHERE c.committed_at BETWEEN f.first_edit_at - INTERVAL 30 DAYS AND f.last_edit_at + INTERVAL 30 DAYS
-- dirty: SELECT f.session FROM changed(commit_files) AS c JOIN session_files AS f ON f.file = c.former_file
--   WHERE c.committed_at BETWEEN f.first_edit_at - INTERVAL 30 DAYS AND f.last_edit_at + INTERVAL 30 DAYS
-- dirty: SELECT f.session FROM (SELECT session, path, file, first_edit_at FROM changed(session_files)
--   WHERE first_edit_at IS NOT NULL GROUP BY ALL HAVING count(*) % 2 = 1) AS n
--   JOIN session_files AS f ON f.file = n.file AND f.first_edit_at
--   BETWEEN n.first_edit_at - INTERVAL 30 DAYS AND n.first_edit_at + INTERVAL 30 DAYS
-- column session: | one that edited files: agent and the agent's own id
-- column first_edit_at: UTC | its first edit
-- column last_edit_at: UTC | its last edit
-- column files: count | files that it edited
-- column repos: | repositories that they lie in
-- column commits: count | commits that are its own: exact or strong
-- column pull_requests: | those that it has to do with more than weakly: owner/repo#number
-- column issues: | likewise
-- column people_before: count | authors of commits on its files in the 30 days before it edited them first
-- column people_since: count | authors of commits on its files from its first edit to 30 days after its last one, its own commits left out
-- column people: | their names, the first 20
-- column sessions_before: count | other sessions that began to edit one of its files in the 30 days before it did
-- column sessions_since: count | other sessions that did so in the 30 days after
-- column commits_since: count | commits on its files from its first edit to 30 days after its last one, its own left out
-- column files_changed_since: count | of its files, those that such commits changed
-- column last_change_at: UTC | the last of these commits
-- column last_change: | its hash
WITH mine AS (
    SELECT
        session,
        file,
        any_value(repo) AS repo,
        min(first_edit_at) AS first_at,
        max(last_edit_at) AS last_at
    FROM session_files
    WHERE dirty(session) AND edits > 0 AND file IS NOT NULL
    GROUP BY session, file
),
changes AS (
    SELECT m.session, m.file, c.repo, c.sha, c.committed_at, c.committed_at < m.first_at AS earlier
    FROM mine AS m
    JOIN commit_files AS c ON c.file = m.file
    WHERE c.committed_at BETWEEN m.first_at - INTERVAL 30 DAYS AND m.last_at + INTERVAL 30 DAYS
    UNION
    SELECT m.session, m.file, c.repo, c.sha, c.committed_at, c.committed_at < m.first_at
    FROM mine AS m
    JOIN commit_files AS c ON c.former_file = m.file
    WHERE c.committed_at BETWEEN m.first_at - INTERVAL 30 DAYS AND m.last_at + INTERVAL 30 DAYS
),
own AS (
    SELECT session, repo, sha
    FROM session_commits
    WHERE dirty(session) AND best AND confidence <> 'weak'
),
by_commits AS (
    SELECT
        h.session,
        len(list_distinct(list(c.author_email) FILTER (WHERE h.earlier))) AS people_before,
        len(list_distinct(list(c.author_email) FILTER (WHERE NOT h.earlier))) AS people_since,
        list_sort(list_distinct(list(c.author_name)))[:20] AS people,
        len(list_distinct(list(h.sha) FILTER (WHERE NOT h.earlier))) AS commits_since,
        len(list_distinct(list(h.file) FILTER (WHERE NOT h.earlier))) AS files_changed_since,
        max((h.committed_at, h.sha)) FILTER (WHERE NOT h.earlier) AS last_change
    FROM changes AS h
    JOIN commits AS c ON c.repo = h.repo AND c.sha = h.sha
    LEFT JOIN own AS o ON o.session = h.session AND o.repo = h.repo AND o.sha = h.sha
    WHERE h.earlier OR o.sha IS NULL
    GROUP BY h.session
),
by_sessions AS (
    SELECT
        m.session,
        len(list_distinct(list(f.session) FILTER (WHERE f.first_edit_at < m.first_at)))
            AS sessions_before,
        len(list_distinct(list(f.session) FILTER (WHERE f.first_edit_at >= m.first_at)))
            AS sessions_since
    FROM mine AS m
    JOIN session_files AS f ON f.file = m.file AND f.session <> m.session
    WHERE f.first_edit_at BETWEEN m.first_at - INTERVAL 30 DAYS AND m.first_at + INTERVAL 30 DAYS
    GROUP BY m.session
),
named AS (
    SELECT
        session,
        list(if(slug = '', repo, slug) || '#' || number) FILTER (WHERE kind = 'pull_request')
            AS pull_requests,
        list(if(slug = '', repo, slug) || '#' || number) FILTER (WHERE kind = 'issue') AS issues
    FROM reference_sessions
    WHERE dirty(session) AND confidence <> 'weak'
    GROUP BY session
)
SELECT
    m.session,
    min(m.first_at) AS first_edit_at,
    max(m.last_at) AS last_edit_at,
    count(*) AS files,
    coalesce(list_sort(list_distinct(list(m.repo))), []) AS repos,
    coalesce(any_value(o.commits), 0) AS commits,
    coalesce(list_sort(list_distinct(any_value(n.pull_requests))), []) AS pull_requests,
    coalesce(list_sort(list_distinct(any_value(n.issues))), []) AS issues,
    coalesce(any_value(c.people_before), 0) AS people_before,
    coalesce(any_value(c.people_since), 0) AS people_since,
    coalesce(any_value(c.people), []) AS people,
    coalesce(any_value(s.sessions_before), 0) AS sessions_before,
    coalesce(any_value(s.sessions_since), 0) AS sessions_since,
    coalesce(any_value(c.commits_since), 0) AS commits_since,
    coalesce(any_value(c.files_changed_since), 0) AS files_changed_since,
    any_value(c.last_change)[1] AS last_change_at,
    any_value(c.last_change)[2] AS last_change
FROM mine AS m
LEFT JOIN (
    SELECT session, len(list_distinct(list(sha))) AS commits FROM own GROUP BY session
) AS o ON o.session = m.session
LEFT JOIN by_commits AS c ON c.session = m.session
LEFT JOIN by_sessions AS s ON s.session = m.session
LEFT JOIN named AS n ON n.session = m.session
GROUP BY m.session
