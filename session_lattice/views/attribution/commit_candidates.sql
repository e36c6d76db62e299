-- Which commits may be this session's, and what speaks for it?
-- axis: attribution
-- grain: session, repo, sha
-- within: session
-- dirty: file_touches.session
-- dirty: tool_calls.session
-- dirty: session_files.session
-- dirty: sessions.session
-- dirty: printed_commits.session
-- dirty: checkouts.cwd -> printed_commits.session
-- dirty: checkouts.cwd -> tool_calls.session
-- dirty: SELECT o.session FROM changed(head_moves) AS h
--   JOIN session_hours AS o ON o.hour = date_trunc('hour', h.ts) WHERE h.action = 'commit'
-- dirty: SELECT s.session FROM changed(commit_ids) AS i JOIN sessions AS s ON lower(s.id) = i.id
-- dirty: SELECT p.session FROM changed(commits) AS c JOIN printed_commits AS p ON p.sha7 = c.sha7
-- dirty: SELECT f.session FROM changed(commit_files) AS c JOIN session_files AS f ON f.file = c.file
--   WHERE c.committed_at BETWEEN f.first_edit_at - INTERVAL 5 MINUTES AND f.last_edit_at + INTERVAL 30 DAYS
-- dirty: SELECT f.session FROM changed(commit_files) AS c JOIN session_files AS f ON f.file = c.former_file
--   WHERE c.committed_at BETWEEN f.first_edit_at - INTERVAL 5 MINUTES AND f.last_edit_at + INTERVAL 30 DAYS
-- column session: | agent and the agent's own id
-- column repo: | repository: its main checkout's directory
-- column sha: | the commit
-- column committed_at: UTC | when it was committed
-- column evidence: | the best there is: trailer (the commit's message names the session), printed (a call's output shows the commit as made), reflog (it was made in the worktree while a call of `git commit` ran there), wrote (it adds lines that the session wrote), overlap (it changes a file that the session edited)
-- column evidences: | all there is, the best first
-- column confidence: | exact: trailer, printed; strong: reflog; wrote, 3 lines or more and half of the commit's; weak: less
-- column rank: | 1 trailer, 2 printed, 3 reflog, 4 wrote and strong, 5 wrote and weak, 6 overlap
-- column shared_lines: count | sampled lines that the session wrote before and the commit adds to the same file
-- column line_share: ratio | part of the commit's sampled lines that the session wrote
-- column shared_files: count | files of the commit that the session edited within 30 days before
-- column branch: | where it was committed, as printed or as of the call; else where the session made its last edit before; empty if neither tells
-- column last_edit_at: UTC | the session's last edit of a file of the commit before it, give or take 5 minutes
-- column seconds_to_commit: seconds | from there to the commit; never below 0
WITH edited AS (
    SELECT
        f.session,
        f.file,
        list({
            'ts': t.ts,
            'branch': t.branch,
            'added': t.added,
            'full_to': if(len(t.added) >= 64, t.added[-1], NULL)
        } ORDER BY t.ts, t.branch, t.call) AS edits
    FROM session_files AS f
    JOIN file_touches AS t ON t.session = f.session AND t.path = f.path
    WHERE dirty(f.session) AND dirty(t.session)
        AND t.succeeded AND t.action IN ('create', 'edit', 'delete', 'move')
    GROUP BY f.session, f.file
),
near AS (
    SELECT e.session, e.edits, c.repo, c.sha, c.committed_at, c.file, c.lines
    FROM edited AS e
    JOIN commit_files AS c ON c.file = e.file
    WHERE c.committed_at BETWEEN e.edits[1].ts - INTERVAL 5 MINUTES
        AND e.edits[-1].ts + INTERVAL 30 DAYS
    UNION ALL
    SELECT e.session, e.edits, c.repo, c.sha, c.committed_at, c.file, c.lines
    FROM edited AS e
    JOIN commit_files AS c ON c.former_file = e.file
    WHERE c.committed_at BETWEEN e.edits[1].ts - INTERVAL 5 MINUTES
        AND e.edits[-1].ts + INTERVAL 30 DAYS
),
so_far AS (
    SELECT
        * EXCLUDE (edits),
        list_filter(
            edits,
            lambda e: e.ts BETWEEN committed_at - INTERVAL 30 DAYS AND committed_at + INTERVAL 5 MINUTES
        ) AS edits
    FROM near
),
-- A sketch that is full holds the smallest hashes of a set only, and tells nothing of larger ones.
-- So a line that is in no sketch counts as not written; unless the part of the lines up to where
-- the first full sketch ends, in which nothing is missing, shows that more were.
compared AS (
    SELECT
        *,
        list_intersect(lines, flatten(list_transform(edits, lambda e: e.added))) AS shared,
        list_min(list_transform(edits, lambda e: e.full_to)) AS full_to
    FROM so_far
    WHERE len(edits) > 0
),
touched AS (
    SELECT
        session,
        repo,
        sha,
        any_value(committed_at) AS committed_at,
        len(list_distinct(list(file))) AS files,
        sum(len(shared))::BIGINT AS shared_lines,
        sum(CASE
            WHEN len(list_filter(shared, lambda line: line <= full_to)) < 3 THEN len(shared)
            ELSE greatest(
                len(shared),
                len(lines) * len(list_filter(shared, lambda line: line <= full_to))
                / len(list_filter(lines, lambda line: line <= full_to))
            )
        END) AS written,
        max(edits[-1]) AS last_edit
    FROM compared
    GROUP BY session, repo, sha
),
-- What a package manager writes tells nothing of who wrote the rest.
commit_lines AS (
    SELECT repo, sha, sum(len(lines)) AS lines
    FROM commit_files
    WHERE sha IN (SELECT sha FROM touched WHERE shared_lines > 0)
        AND NOT regexp_matches(file, '(\.lock|/package-lock\.json|/pnpm-lock\.yaml|/go\.sum)$')
    GROUP BY repo, sha
),
judged AS (
    SELECT
        t.session, t.repo, t.sha, t.committed_at, t.files, t.shared_lines,
        if(l.lines > 0, round(least(t.written / l.lines, 1), 6), 0) AS line_share,
        t.last_edit.ts AS last_edit_at,
        t.last_edit.branch AS branch
    FROM touched AS t
    LEFT JOIN commit_lines AS l ON l.repo = t.repo AND l.sha = t.sha
),
found AS (
    SELECT
        *,
        CASE
            WHEN shared_lines >= 3 AND line_share >= 0.5 THEN 4
            WHEN shared_lines > 0 THEN 5
            ELSE 6
        END AS rank
    FROM judged
    -- Of commits of which only the file speaks, the nearest 20, of 14 days.
    QUALIFY shared_lines > 0 OR (
        last_edit_at >= committed_at - INTERVAL 14 DAYS
        AND row_number() OVER (
            PARTITION BY session, shared_lines > 0
            ORDER BY committed_at - last_edit_at, committed_at, repo, sha
        ) <= 20
    )
    UNION ALL BY NAME
    SELECT s.session, c.repo, c.sha, c.committed_at, 1 AS rank
    FROM sessions AS s
    JOIN commit_ids AS i ON i.id = lower(s.id)
    JOIN commits AS c ON c.repo = i.repo AND c.sha = i.sha
    WHERE dirty(s.session)
    UNION ALL BY NAME
    -- Others' output may be quoted: it counts when the commit is as old as the call.
    SELECT p.session, c.repo, c.sha, c.committed_at, 2 AS rank,
        if(p.branch IN ('', 'detached HEAD'), NULL, p.branch) AS printed
    FROM printed_commits AS p
    JOIN commits AS c ON c.sha7 = p.sha7 AND starts_with(c.sha, p.sha)
    LEFT JOIN checkouts AS d ON d.cwd = p.cwd
    WHERE dirty(p.session)
        AND abs(epoch(c.committed_at) - epoch(p.ts)) <= if(d.repo = c.repo, 86400, 600)
    UNION ALL BY NAME
    -- A reflog tells whole seconds. A call of more than an hour may have waited for anybody.
    SELECT t.session, c.repo, c.sha, c.committed_at, 3 AS rank, t.branch AS printed
    FROM tool_calls AS t
    JOIN checkouts AS d ON d.cwd = t.cwd
    JOIN head_moves AS h ON h.worktree = d.worktree
    JOIN commits AS c ON c.repo = h.repo AND c.sha = h.sha
    WHERE dirty(t.session) AND h.action = 'commit'
        AND h.ts BETWEEN date_trunc('second', t.called_at) AND t.returned_at
        AND t.returned_at <= t.called_at + INTERVAL 1 HOUR
        AND contains(t.input, 'commit') AND regexp_matches(t.input, '\bgit\b[^\n;&|]*\bcommit\b')
)
SELECT
    session,
    repo,
    sha,
    any_value(committed_at) AS committed_at,
    ['trailer', 'printed', 'reflog', 'wrote', 'wrote', 'overlap'][min(rank)] AS evidence,
    list_transform(
        list_sort(list_distinct(list(rank))),
        lambda r: ['trailer', 'printed', 'reflog', 'wrote', 'wrote', 'overlap'][r]
    ) AS evidences,
    ['exact', 'exact', 'strong', 'strong', 'weak', 'weak'][min(rank)] AS confidence,
    min(rank) AS rank,
    coalesce(max(shared_lines), 0) AS shared_lines,
    coalesce(max(line_share), 0) AS line_share,
    coalesce(max(files), 0) AS shared_files,
    coalesce(max(printed), max(branch), '') AS branch,
    max(last_edit_at) AS last_edit_at,
    greatest(round(epoch(any_value(committed_at)) - epoch(max(last_edit_at)), 3), 0)
        AS seconds_to_commit
FROM found
GROUP BY session, repo, sha
