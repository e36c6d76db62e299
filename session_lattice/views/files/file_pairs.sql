-- Which files are changed together, so that a change in one asks for a look at the other?
-- axis: files
-- grain: file, other_file
-- dirty: SELECT file FROM session_files WHERE edits > 0 AND session IN (
--     SELECT session FROM changed(session_files) WHERE edits > 0)
-- dirty: SELECT file FROM changed(session_files) WHERE edits > 0
-- column file: | a file that sessions changed, of the last 50 such sessions those that changed at most 40 files: more is a bulk change
-- column other_file: | another file that at least two of these sessions changed as well
-- column repo: | repository of the file, or the topmost directory worked in
-- column other_repo: | repository of the other file
-- column sessions: count | these sessions of the file
-- column sessions_together: count | of these, sessions that changed both
-- column confidence: ratio | sessions_together / sessions
-- column first_at: UTC | first edit of the other file in such a session
-- column last_at: UTC | last edit of the other file in such a session
-- column last_session: | the last session that changed both
WITH edited AS (
    SELECT file, session, max(last_edit_at) AS last_edit_at, min(repo) AS repo
    FROM session_files
    WHERE dirty(file) AND edits > 0
    GROUP BY file, session
),
recent AS (
    SELECT file, session, repo
    FROM edited
    QUALIFY row_number() OVER (PARTITION BY file ORDER BY last_edit_at DESC, session) <= 50
),
of_sessions AS (
    SELECT
        session, file, min(repo) AS repo,
        min(first_edit_at) AS first_edit_at, max(last_edit_at) AS last_edit_at
    FROM session_files
    WHERE session IN (SELECT session FROM recent) AND edits > 0 AND file IS NOT NULL
    GROUP BY session, file
    QUALIFY count(*) OVER (PARTITION BY session) <= 40
),
pairs AS (
    SELECT
        r.file, o.file AS other_file, r.session,
        r.repo, o.repo AS other_repo, o.first_edit_at, o.last_edit_at
    FROM recent AS r
    JOIN of_sessions AS o ON o.session = r.session
),
-- The file with itself: in how many sessions it was.
counted AS (
    SELECT
        file, other_file, count(*) AS sessions_together,
        min(repo) AS repo, min(other_repo) AS other_repo,
        min(first_edit_at) AS first_at, max(last_edit_at) AS last_at,
        arg_max(session, (last_edit_at, session)) AS last_session
    FROM pairs
    GROUP BY file, other_file
    HAVING count(*) >= 2
)
SELECT
    p.file,
    p.other_file,
    p.repo,
    p.other_repo,
    s.sessions_together AS sessions,
    p.sessions_together,
    round(p.sessions_together / s.sessions_together, 6) AS confidence,
    p.first_at,
    p.last_at,
    p.last_session
FROM counted AS p
JOIN counted AS s ON s.file = p.file AND s.other_file = p.file
WHERE p.other_file <> p.file
