-- Which languages did each session read and write?
-- axis: files
-- grain: session, language
-- dirty: session_files.session
-- column session: | agent and the agent's own id
-- column language: | by the names of files; other where they tell none
-- column agent: | claude_code or codex
-- column files: count | files that it read or changed
-- column edited_files: count | of these, files that it changed
-- column reads: count | reads that worked
-- column edits: count | creations, edits, moves and deletions that worked
-- column lines_written: count | distinct lines of eight characters or more that its edits wrote, of each edit 64 at most
-- column first_at: UTC | first touch
-- column last_at: UTC | last touch
SELECT
    session,
    language,
    any_value(split_part(session, '/', 1)) AS agent,
    count(*) AS files,
    count(*) FILTER (WHERE edits > 0) AS edited_files,
    sum(reads)::BIGINT AS reads,
    sum(edits)::BIGINT AS edits,
    sum(len(written))::BIGINT AS lines_written,
    min(first_at) AS first_at,
    max(last_at) AS last_at
FROM session_files
WHERE dirty(session)
GROUP BY session, language
