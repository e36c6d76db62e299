-- Which files are changed together, so that a change in one asks for a look at the other?
-- axis: files
-- grain: file, other_file
-- dirty: SELECT file FROM session_files WHERE edits > 0 AND session IN (
--     SELECT session FROM changed(session_files) WHERE edits > 0)
-- dirty: SELECT file FROM changed(session_files) WHERE edits > 0
-- column file: | a file that sessions changed, of the last 50 such sessions those that changed at most 40 files: more is a bulk change
-- column other_file: | another file that at least two of these sessions changed as well
-- column repo: | repository of the file, or the topmost directory worked in
-- column sessions: count | these sessions of the file
-- column sessions_together: count | of these, sessions that changed both
-- column confidence: ratio | sessions_together / sessions
-- column first_at: UTC | first edit of the other file in such a session
-- column last_at: UTC | last edit of the other file in such a session
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
small AS (
    SELECT
        session, file, min(first_edit_at) AS first_edit_at, max(last_edit_at) AS last_edit_at
    FROM session_files
    WHERE session IN (SELECT session FROM recent) AND edits > 0 AND file IS NOT NULL
    GROUP BY session, file
    QUALIFY count(*) OVER (PARTITION BY session) <= 40
),
-- The file with itself, too: in how many sessions it was.
counted AS (
    SELECT
        r.file,
        o.file AS other_file,
        count(*) AS sessions,
        min(o.first_edit_at) AS first_at,
        max(o.last_edit_at) AS last_at
    FROM recent AS r
    JOIN small AS o ON o.session = r.session
    GROUP BY r.file, o.file
    HAVING count(*) >= 2
)
SELECT
    p.file,
    p.other_file,
    r.repo,
    s.sessions,
    p.sessions AS sessions_together,
    round(p.sessions / s.sessions, 6) AS confidence,
    p.first_at,
    p.last_at
FROM counted AS p
JOIN counted AS s ON s.file = p.file AND s.other_file = p.file
JOIN (SELECT file, min(repo) AS repo FROM recent GROUP BY file) AS r ON r.file = p.file
WHERE p.other_file <> p.file
