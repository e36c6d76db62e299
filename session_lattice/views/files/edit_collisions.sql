-- Which sessions changed the same file within an hour of each other?
-- axis: files
-- grain: file, first_session, second_session
-- dirty: session_files.file
-- column file: | its path in the repository's main checkout; outside of repositories its own path
-- column first_session: | session whose edit came first where they met first
-- column second_session: | session whose edit came next, at most 60 minutes later
-- column kind: | same_copy: both changed one file on disk; other_worktree: each changed its own checkout's copy, to be merged
-- column repo: | repository, or the directory worked in; null outside of both
-- column relative_path: | from the repository's top
-- column turns: count | times that an edit of one came next after an edit of the other, at most 60 minutes later
-- column gap_seconds: seconds | the shortest time between two such edits
-- column first_at: UTC | first edit that followed the other session's
-- column last_at: UTC | last edit that followed the other session's
-- column lines_overwritten: count | lines that one of them wrote and the other took away, as far as sketches tell; null where they tell nothing
-- column lines_shared: count | lines that both wrote or took away, likewise
-- column first_branches: | branches that the first session changed it on
-- column second_branches: | branches that the second session changed it on
-- column first_worktree: | checkout that the first session changed it in where they were closest
-- column second_worktree: | checkout that the second session changed it in there
WITH edited AS (
    SELECT
        file, session, path, repo, relative_path, worktree, branches, written, taken, edit_times
    FROM session_files
    WHERE dirty(file) AND edits > 0
),
-- Each edit with the one before it: whoever comes between two sessions parts them.
in_order AS (
    SELECT
        file, session, path, ts,
        lag(session) OVER by_time AS former,
        lag(path) OVER by_time AS former_path,
        ts - lag(ts) OVER by_time AS gap
    FROM (SELECT file, session, path, unnest(edit_times) AS ts FROM edited)
    WINDOW by_time AS (PARTITION BY file ORDER BY ts, session, path)
),
met AS (
    SELECT
        file,
        arg_min(former, (ts, session)) AS first_session,
        arg_min(session, (ts, session)) AS second_session,
        count(*) AS turns,
        min(gap) AS gap,
        min(ts) AS first_at,
        max(ts) AS last_at,
        arg_min(
            MAP {former: former_path, session: path}, (gap, ts, session, path)
        ) AS closest
    FROM in_order
    WHERE former <> session AND gap <= INTERVAL 60 MINUTES
    GROUP BY file, least(session, former), greatest(session, former)
)
SELECT
    m.file,
    m.first_session,
    m.second_session,
    if(
        lower(replace(a.path, '\', '/')) = lower(replace(b.path, '\', '/')),
        'same_copy', 'other_worktree'
    ) AS kind,
    a.repo,
    a.relative_path,
    m.turns,
    round(epoch_us(m.gap) / 1e6, 3) AS gap_seconds,
    m.first_at,
    m.last_at,
    if(
        len(a.written) + len(a.taken) > 0 AND len(b.written) + len(b.taken) > 0,
        len(list_distinct(
            list_intersect(a.written, b.taken) || list_intersect(b.written, a.taken)
        )),
        NULL
    ) AS lines_overwritten,
    if(
        len(a.written) + len(a.taken) > 0 AND len(b.written) + len(b.taken) > 0,
        len(list_intersect(
            list_distinct(a.written || a.taken), list_distinct(b.written || b.taken)
        )),
        NULL
    ) AS lines_shared,
    a.branches AS first_branches,
    b.branches AS second_branches,
    a.worktree AS first_worktree,
    b.worktree AS second_worktree
FROM met AS m
JOIN edited AS a
    ON a.file = m.file AND a.session = m.first_session AND a.path = m.closest[m.first_session]
JOIN edited AS b
    ON b.file = m.file AND b.session = m.second_session AND b.path = m.closest[m.second_session]
