-- of: tool.returned
-- What `git commit` prints: "[branch abc1234] subject", of a first commit
-- "[branch (root-commit) abc1234] subject"; amend, cherry-pick and revert print the same. A quiet
-- commit, a merge and a rebase print no such line: the reflog has them (`head_moves`).
INSERT INTO printed_commits BY NAME
WITH lines AS (
    SELECT
        session, call, subagent, ts, cwd, origin, position,
        unnest(regexp_extract_all(output, '(?m)^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] ')) AS line
    FROM batch
    WHERE type = 'tool.returned' AND contains(output, '] ')
),
printed AS (
    SELECT
        * EXCLUDE (line),
        regexp_extract(line, '([0-9a-f]{7,40})\] $', 1) AS sha,
        regexp_extract(line, '^\[(.*?)(?: \(root-commit\))? [0-9a-f]{7,40}\] $', 1) AS branch
    FROM lines
)
SELECT
    p.session, p.call, p.subagent, left(p.sha, 7) AS sha7, p.sha, p.branch, p.ts, p.cwd, p.origin,
    p.position AS changed
FROM printed AS p
WHERE NOT EXISTS (
    SELECT 1 FROM printed_commits AS k
    WHERE k.session = p.session AND k.call = p.call AND k.sha = p.sha
)
QUALIFY row_number() OVER (PARTITION BY p.session, p.call, p.sha ORDER BY p.position) = 1
ORDER BY p.position
