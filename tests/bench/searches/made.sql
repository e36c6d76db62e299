CREATE TEMP TABLE made AS
SELECT * REPLACE (make_timestamp(ts) AS ts)
FROM read_json(
    $path,
    format = 'newline_delimited',
    columns = {
        session: 'VARCHAR', cwd: 'VARCHAR', ts: 'BIGINT', "number": 'BIGINT', kind: 'VARCHAR',
        "text": 'VARCHAR', output: 'VARCHAR', ok: 'BOOLEAN', tool: 'VARCHAR'
    }
);

INSERT INTO messages BY NAME
SELECT
    session, '' AS subagent, 'm' || "number" AS message, ts,
    if(kind = 'prompt', 'user', 'assistant') AS role, kind, text, strlen(text) AS text_bytes,
    cwd, 'here' AS origin, 2 * "number" + 1 AS changed
FROM made
WHERE kind <> '';

INSERT INTO tool_calls BY NAME
SELECT
    session, 'c' || "number" AS call, '' AS subagent, tool AS name, text AS input,
    strlen(text) AS input_bytes, ts AS called_at, ts AS returned_at, ok, output,
    strlen(output) AS output_bytes, cwd, 'here' AS origin, 2 * "number" + 2 AS changed
FROM made
WHERE kind = '';

INSERT INTO sessions BY NAME
SELECT
    session, 'claude_code' AS agent, split_part(session, '/', 2) AS id, any_value(text)[:60] AS title,
    1 AS title_rank, 'present' AS transcript, any_value(cwd) AS cwd, false AS sample,
    min(ts) AS started_at, max(ts) AS ended_at, 'here' AS origin, 1 AS changed
FROM made
WHERE kind <> ''
GROUP BY session;

INSERT INTO checkouts BY NAME
SELECT DISTINCT cwd, cwd AS repo, cwd AS worktree, 'git' AS evidence, 'here' AS origin, 1 AS changed
FROM made;

INSERT INTO applied SELECT $epoch, (SELECT max(changed) FROM tool_calls);

DROP TABLE made
