-- $sessions sessions of 200 messages, 120 calls, 100 answers and 50 touches each, over a year, in 60
-- repositories; five commits for each session. Texts are short: views hardly read them.
CREATE TEMP MACRO session_of(n) AS if(n % 4 = 0, 'codex/', 'claude_code/') || md5(n::VARCHAR);
CREATE TEMP MACRO began(n) AS
    TIMESTAMP '2025-11-01' + to_seconds((n * 31536000.0 / $sessions)::BIGINT);
CREATE TEMP MACRO repo_of(n) AS '/home/sam/repo' || (hash(n) % 60);
CREATE TEMP MACRO branch_of(n) AS if(hash(n, 7) % 3 = 0, 'main', 'topic-' || hash(n, 7) % 20);
-- Half of the touches are of a few files that everybody edits.
CREATE TEMP MACRO path_of(s, i) AS
    '/src/part' || if(i % 2 = 0, hash(s, i) % 12, hash(s, i) % 900)
    || if(hash(i) % 3 = 0, '.md', '.py');
CREATE TEMP MACRO pick(list, h) AS list[1 + (h % len(list))::BIGINT];
CREATE TEMP TABLE numbered AS SELECT range AS n FROM range($sessions);

INSERT INTO sessions BY NAME
SELECT
    session_of(n) AS session, split_part(session_of(n), '/', 1) AS agent, md5(n::VARCHAR) AS id,
    'Session ' || n AS title, 2 AS title_rank, '/t/' || n AS path,
    if(n % 5 = 0, 'deleted', 'present') AS transcript, repo_of(n) AS cwd, branch_of(n) AS branch,
    false AS sample, began(n) AS started_at, began(n) + INTERVAL 100 MINUTE AS ended_at,
    'here' AS origin, n * 500 AS changed
FROM numbered;

INSERT INTO messages BY NAME
SELECT
    session_of(n) AS session, if(i % 40 = 39, 'sub' || i // 100, '') AS subagent,
    'm' || i AS message, began(n) + to_seconds(i * 30) AS ts,
    if(i % 10 = 0, 'user', 'assistant') AS role, if(i % 10 = 0, 'prompt', 'reply') AS kind,
    'text ' || i AS text, 8 AS text_bytes, if(i % 10 = 0, NULL, 'claude-opus-4-5') AS model,
    'r' || i // 2 AS response, repo_of(n) AS cwd, branch_of(n) AS branch,
    'here' AS origin, n * 500 + i AS changed
FROM numbered, range(200) AS t(i)
ORDER BY n, i;

INSERT INTO tool_calls BY NAME
SELECT
    session_of(n) AS session, 'c' || i AS call, if(i % 40 = 39, 'sub0', '') AS subagent,
    pick(['Bash', 'Read', 'Edit', 'Grep', 'mcp__forge__list'], hash(n, i)) AS name,
    'r' || i AS response,
    CASE hash(n, i) % 5
        WHEN 0 THEN '{"command":"' || pick(
            ['git status', 'pytest -q', 'npm run build', 'git commit -m x', 'ls -la src'],
            hash(n, i, 2)
        ) || '"}'
        ELSE '{"file_path":"' || path_of(n, i) || '"}'
    END AS input,
    40 AS input_bytes, began(n) + to_seconds(i * 50) AS called_at,
    began(n) + to_seconds(i * 50 + hash(n, i) % 40) AS returned_at,
    hash(n, i, 3) % 20 <> 0 AS ok, hash(n, i, 3) % 200 = 0 AS denied,
    if(hash(n, i, 3) % 20 = 0, 1, 0) AS exit_code, hash(n, i) % 40 * 1000 AS duration_ms,
    if(hash(n, i, 3) % 20 = 0, 'Error: no such file ' || path_of(n, i), 'fine') AS output,
    30 AS output_bytes, repo_of(n) AS cwd, branch_of(n) AS branch, 'here' AS origin,
    n * 500 + i AS changed
FROM numbered, range(120) AS t(i)
ORDER BY n, i;

INSERT INTO file_touches BY NAME
SELECT
    session_of(n) AS session, 'c' || i AS call, repo_of(n) || path_of(n, i) AS path,
    if(i % 3 = 0, 'edit', 'read') AS action, '' AS subagent,
    began(n) + to_seconds(i * 100) AS ts, true AS succeeded, repo_of(n) AS cwd,
    branch_of(n) AS branch, repo_of(n) || '/src' AS dir,
    if(i % 3 = 0, [(hash(n, i, 5) % 4000000000)::UINTEGER, (hash(n, i, 6) % 4000000000)::UINTEGER], []) AS added,
    if(i % 3 = 0, [(hash(n, i, 7) % 4000000000)::UINTEGER], []) AS removed, 'here' AS origin,
    n * 500 + i AS changed
FROM numbered, range(50) AS t(i)
ORDER BY n, i;

INSERT INTO responses BY NAME
SELECT
    session_of(n) || '/r' || i AS response, split_part(session_of(n), '/', 1) AS agent,
    session_of(n) AS session, if(i % 40 = 39, 'sub0', '') AS subagent,
    began(n) + to_seconds(i * 60) AS ts, (began(n) + to_seconds(i * 60))::DATE AS day,
    pick(['claude-opus-4-5', 'claude-haiku-4-5', 'gpt-5.1-codex'], hash(n)) AS model,
    '' AS speed, 10 + i AS input_tokens, 200 AS output_tokens, 900 AS cache_write_tokens,
    0 AS cache_write_1h_tokens, 50000 + i * 900 AS cache_read_tokens, 20 AS reasoning_tokens,
    40000 AS cost_microdollars, 'made up' AS cost_source, repo_of(n) AS cwd,
    branch_of(n) AS branch, 'here' AS origin, n * 500 + i AS changed
FROM numbered, range(100) AS t(i)
ORDER BY n, i;

INSERT INTO checkouts BY NAME
SELECT DISTINCT
    unnest([repo_of(n), repo_of(n) || '/src']) AS cwd, repo_of(n) AS repo, repo_of(n) AS worktree,
    'git' AS evidence, 'here' AS origin, 0 AS changed
FROM numbered;

INSERT INTO git_repos BY NAME
SELECT DISTINCT
    repo_of(n) AS repo, 'main' AS head, 'main' AS default_branch, false AS shallow, false AS bare,
    'forge.example' AS host, 'sam/repo' || hash(n) % 60 AS slug,
    TIMESTAMP '2026-11-01' AS observed_at, 'here' AS origin, 0 AS changed
FROM numbered;

INSERT INTO commits BY NAME
SELECT
    repo_of(n) AS repo, sha1(n || '-' || i) AS sha, left(sha1(n || '-' || i), 7) AS sha7,
    [] AS parents, 'Sam' AS author_name, 'sam@example.org' AS author_email, 'Sam' AS committer_name,
    'sam@example.org' AS committer_email, began(n) + to_seconds(i * 1300) AS authored_at,
    began(n) + to_seconds(i * 1300) AS committed_at, 'Change ' || i AS subject, '' AS body,
    [] AS trailers, i = 4 AS by_bot, false AS merge, 3 AS files_changed, 10 AS additions,
    2 AS deletions, 'here' AS origin, n * 500 + i AS changed
FROM numbered, range(5) AS t(i)
ORDER BY n, i;

INSERT INTO commit_files BY NAME
SELECT
    repo_of(n) AS repo, sha1(n || '-' || i) AS sha, ltrim(path_of(n, i * 9 + j * 3), '/') AS path,
    repo_of(n) || path_of(n, i * 9 + j * 3) AS file, 'modified' AS status, 3 AS additions,
    1 AS deletions, false AS is_binary,
    [(hash(n, i * 9 + j * 3, 5) % 4000000000)::UINTEGER, (hash(n, i * 9 + j * 3, 6) % 4000000000)::UINTEGER] AS lines,
    began(n) + to_seconds(i * 1300) AS committed_at, 'here' AS origin, n * 500 + i AS changed
FROM numbered, range(5) AS t(i), range(3) AS u(j)
ORDER BY n, i, j;

INSERT INTO printed_commits BY NAME
SELECT
    session_of(n) AS session, 'c' || i AS call, '' AS subagent, left(sha1(n || '-' || i), 7) AS sha7,
    left(sha1(n || '-' || i), 7) AS sha, branch_of(n) AS branch,
    began(n) + to_seconds(i * 1300) AS ts, repo_of(n) AS cwd, 'here' AS origin,
    n * 500 + i AS changed
FROM numbered, range(2) AS t(i)
ORDER BY n, i;

INSERT INTO session_references BY NAME
SELECT
    session_of(n) AS session, '' AS subagent, 'forge.example' AS host,
    'sam/repo' || hash(n) % 60 AS slug, n % 700 AS "number", 'pull_request' AS kind,
    'url' AS evidence, 'c1' AS call, '' AS message, began(n) AS ts, repo_of(n) AS cwd,
    branch_of(n) AS branch, 'here' AS origin, n * 500 AS changed
FROM numbered;

UPDATE applied SET position = $sessions * 500 + 500;
