-- Whose lines did this session take away or replace within 14 days?
-- axis: time
-- grain: session, former_session, file
-- within: session
-- dirty: file_touches.session
-- dirty: session_files.session
-- dirty: SELECT r.session FROM changed(session_files) AS w JOIN session_files AS r ON r.file = w.file
--   WHERE r.session <> w.session AND len(w.written) > 0 AND len(r.taken) > 0
--   AND r.last_edit_at > w.first_edit_at AND r.first_edit_at <= w.last_edit_at + INTERVAL 14 DAYS
-- column session: | the one that redid: agent and the agent's own id
-- column former_session: | the one whose lines it took away; of each session the 100 rows with most lines
-- column file: | the file's path in the repository's main checkout, the same from every worktree
-- column repo: | repository: its main checkout's directory
-- column lines: count | sampled lines that the one wrote there and the other took away
-- column share: ratio | part of the sampled lines that the former session wrote there
-- column former_edit_at: UTC | the former session's last edit of the file
-- column redone_at: UTC | the first edit that took away such a line
-- column gap_seconds: seconds | from the one to the other; 0 if the former session edited the file after that too
-- column both_at_work: | whether it did: then the two may have taken turns
WITH taken AS (
    SELECT
        f.session,
        f.file,
        list({
            'ts': t.ts,
            'removed': t.removed,
            'full_to': if(len(t.removed) >= 64, t.removed[-1], NULL)
        } ORDER BY t.ts, t.call) AS edits
    FROM session_files AS f
    JOIN file_touches AS t ON t.session = f.session AND t.path = f.path
    WHERE dirty(f.session) AND dirty(t.session) AND len(f.taken) > 0
        AND t.succeeded AND len(t.removed) > 0
    GROUP BY f.session, f.file
),
met AS (
    SELECT
        t.session,
        w.session AS former_session,
        t.file,
        any_value(w.repo) AS repo,
        any_value(t.edits) AS edits,
        list_distinct(flatten(list(w.written))) AS written,
        min(w.first_edit_at) AS first_edit_at,
        max(w.last_edit_at) AS last_edit_at
    FROM taken AS t
    JOIN session_files AS w ON w.file = t.file AND w.session <> t.session
    WHERE len(w.written) > 0
        AND w.first_edit_at < t.edits[-1].ts
        AND w.last_edit_at >= t.edits[1].ts - INTERVAL 14 DAYS
    GROUP BY t.session, w.session, t.file
),
-- A line that is in no sketch counts as kept; unless the part of the lines up to where the first
-- full sketch ends, in which nothing is missing, shows that more were taken away.
compared AS (
    SELECT
        *,
        list_filter(
            edits,
            lambda e: e.ts > first_edit_at AND e.ts <= last_edit_at + INTERVAL 14 DAYS
                AND list_has_any(e.removed, written)
        ) AS redone,
        list_intersect(written, flatten(list_transform(redone, lambda e: e.removed))) AS shared,
        list_min(list_transform(redone, lambda e: e.full_to)) AS full_to,
        len(list_filter(shared, lambda line: line <= full_to)) AS shared_there
    FROM met
)
SELECT
    session,
    former_session,
    file,
    repo,
    len(shared) AS lines,
    round(greatest(len(shared) / len(written), if(
        shared_there >= 3,
        shared_there / len(list_filter(written, lambda line: line <= full_to)),
        0
    )), 6) AS share,
    last_edit_at AS former_edit_at,
    redone[1].ts AS redone_at,
    greatest(round(epoch(redone[1].ts) - epoch(last_edit_at), 3), 0) AS gap_seconds,
    redone[1].ts <= last_edit_at AS both_at_work
FROM compared
WHERE len(shared) > 0
QUALIFY row_number() OVER (
    PARTITION BY session ORDER BY len(shared) DESC, former_session, file
) <= 100
