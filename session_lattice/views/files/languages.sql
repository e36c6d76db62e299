-- Which languages do sessions work in, and how much?
-- axis: files
-- grain: language
-- dirty: session_languages.language
-- dirty: file_hotspots.language
-- column language: | by the names of files; other where they tell none
-- column sessions: count | sessions that read or changed files of it
-- column editing_sessions: count | of these, sessions that changed some
-- column files: count | files that sessions read or changed, those of several worktrees as one
-- column edited_files: count | of these, files that were changed
-- column reads: count | reads that worked
-- column edits: count | creations, edits, moves and deletions that worked
-- column lines_written: count | distinct lines of eight characters or more, by session and file, that edits wrote, of each edit 64 at most
-- column agents: | agents that worked in it
-- column first_at: UTC | first touch
-- column last_at: UTC | last touch
-- column last_session: | session that touched such a file last
WITH of_files AS (
    SELECT language, count(*) AS files, count(*) FILTER (WHERE edits > 0) AS edited_files
    FROM file_hotspots
    WHERE dirty(language)
    GROUP BY language
)
SELECT
    s.language,
    count(*) AS sessions,
    count(*) FILTER (WHERE s.edits > 0) AS editing_sessions,
    coalesce(any_value(f.files), 0) AS files,
    coalesce(any_value(f.edited_files), 0) AS edited_files,
    sum(s.reads)::BIGINT AS reads,
    sum(s.edits)::BIGINT AS edits,
    sum(s.lines_written)::BIGINT AS lines_written,
    list_sort(list(DISTINCT s.agent)) AS agents,
    min(s.first_at) AS first_at,
    max(s.last_at) AS last_at,
    arg_max(s.session, (s.last_at, s.session)) AS last_session
FROM session_languages AS s
LEFT JOIN of_files AS f ON f.language = s.language
WHERE dirty(s.language)
GROUP BY s.language
