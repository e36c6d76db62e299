-- Which files do sessions come back to most, and how much do they change there?
-- axis: files
-- grain: file
-- dirty: session_files.file
-- dirty: commit_files.file
-- column file: | its path in the repository's main checkout; outside of repositories its own path
-- column repo: | repository, or the topmost directory worked in; null outside of both
-- column relative_path: | from the repository's top
-- column language: | by the name's extension
-- column sessions: count | sessions that read or changed it
-- column editors: count | of these, sessions that changed it
-- column readers: count | of these, sessions that read it with a tool for that
-- column edits: count | creations, edits, moves and deletions that worked
-- column reads: count | reads that worked
-- column churn_edits: count | of edits, those that were at least a session's third within 10 minutes
-- column churn_sessions: count | sessions with such edits
-- column commits: count | commits known of that changed it under this name, merges left out; 0 also where no history was read
-- column authors: count | addresses of the authors of these commits
-- column last_committed_at: UTC | the last of these commits
-- column first_at: UTC | first touch by a session
-- column last_at: UTC | last touch by a session
-- column last_session: | session that touched it last
WITH committed AS (
    SELECT
        f.file,
        count(*) AS commits,
        count(DISTINCT lower(c.author_email)) AS authors,
        max(f.committed_at) AS last_committed_at
    FROM commit_files AS f
    JOIN commits AS c ON c.repo = f.repo AND c.sha = f.sha
    WHERE dirty(f.file)
    GROUP BY f.file
),
by_session AS (
    SELECT
        file,
        session,
        any_value(language) AS language,
        min(repo) AS repo,
        sum(edits)::BIGINT AS edits,
        sum(reads)::BIGINT AS reads,
        sum(churn_edits)::BIGINT AS churn_edits,
        min(first_at) AS first_at,
        max(last_at) AS last_at
    FROM session_files
    WHERE dirty(file)
    GROUP BY file, session
),
touched AS (
    SELECT
        file,
        -- Outside of repositories, of directories worked in one within the other, the topmost.
        min(repo) AS repo,
        any_value(language) AS language,
        count(*) AS sessions,
        count(*) FILTER (WHERE edits > 0) AS editors,
        count(*) FILTER (WHERE reads > 0) AS readers,
        sum(edits)::BIGINT AS edits,
        sum(reads)::BIGINT AS reads,
        sum(churn_edits)::BIGINT AS churn_edits,
        count(*) FILTER (WHERE churn_edits > 0) AS churn_sessions,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        arg_max(session, (last_at, session)) AS last_session
    FROM by_session
    GROUP BY file
)
SELECT
    t.file,
    t.repo,
    t.file[length(rtrim(t.repo, '/')) + 2:] AS relative_path,
    t.* EXCLUDE (file, repo, first_at, last_at, last_session),
    coalesce(c.commits, 0) AS commits,
    coalesce(c.authors, 0) AS authors,
    c.last_committed_at,
    t.first_at,
    t.last_at,
    t.last_session
FROM touched AS t
LEFT JOIN committed AS c ON c.file = t.file
