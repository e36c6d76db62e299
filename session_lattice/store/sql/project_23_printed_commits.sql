-- of: tool.called, tool.returned
-- What `git commit` prints: "[branch abc1234] subject", of a first commit
-- "[branch (root-commit) abc1234] subject"; amend, cherry-pick and revert print the same. A quiet
-- commit prints nothing: then, of a call that commits, "abc1234..def5678 branch -> branch" of a
-- push. A fetch prints that too, but of "branch -> remote/branch".
INSERT INTO printed_commits BY NAME
WITH lines AS (
    SELECT
        session, call, subagent, ts, cwd, origin, position,
        unnest(regexp_extract_all(output, '(?m)^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] ')) AS line
    FROM batch
    WHERE type = 'tool.returned' AND contains(output, '] ')
),
committed AS (
    SELECT
        * EXCLUDE (line),
        regexp_extract(line, '([0-9a-f]{7,40})\] $', 1) AS sha,
        regexp_extract(line, '^\[(.*?)(?: \(root-commit\))? [0-9a-f]{7,40}\] $', 1) AS branch
    FROM lines
),
pushing AS (
    -- Whichever comes first: the call says that it commits, its result what was pushed.
    SELECT
        t.session, t.call, t.subagent, t.returned_at AS ts, t.cwd, t.origin,
        t.changed AS position,
        unnest(regexp_extract_all(
            t.output,
            '(?m)^[ +]{0,4}[0-9a-f]{7,40}[.]{2,3}[0-9a-f]{7,40} +\S{1,200} -> \S{1,200}'
        )) AS line
    FROM tool_calls AS t
    SEMI JOIN batch AS b
        ON b.session = t.session AND b.call = t.call
        AND b.type IN ('tool.called', 'tool.returned')
    WHERE contains(t.output, ' -> ') AND regexp_matches(t.input, '\bgit\b[^\n;&|]*\bcommit\b')
),
pushed AS (
    SELECT
        * EXCLUDE (line),
        regexp_extract(line, '[.]([0-9a-f]{7,40}) ', 1) AS sha,
        regexp_extract(line, ' -> (\S+)', 1) AS branch
    FROM pushing
    WHERE NOT ends_with(line, '/' || regexp_extract(line, ' (\S+) -> ', 1))
),
printed AS (
    SELECT *, 1 AS rank FROM committed
    UNION ALL BY NAME
    SELECT *, 2 AS rank FROM pushed
)
SELECT
    p.session, p.call, p.subagent, left(p.sha, 7) AS sha7, p.sha, p.branch, p.ts, p.cwd, p.origin,
    p.position AS changed
FROM printed AS p
WHERE NOT EXISTS (
    SELECT 1 FROM printed_commits AS k
    WHERE k.session = p.session AND k.call = p.call AND k.sha = p.sha
)
QUALIFY row_number() OVER (
    PARTITION BY p.session, p.call, p.sha ORDER BY p.position, p.rank
) = 1
ORDER BY p.position, p.sha
