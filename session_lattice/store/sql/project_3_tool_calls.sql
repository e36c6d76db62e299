-- A call and its result make one row, whichever comes first; mostly both are in one batch.
MERGE INTO tool_calls AS t
USING (
    WITH called AS (
        SELECT * FROM batch
        WHERE type = 'tool.called'
        QUALIFY row_number() OVER (PARTITION BY session, data.call ORDER BY position) = 1
    ),
    returned AS (
        SELECT * FROM batch
        WHERE type = 'tool.returned'
        QUALIFY row_number() OVER (PARTITION BY session, data.call ORDER BY position) = 1
    )
    SELECT
        coalesce(c.session, r.session) AS session,
        coalesce(c.data.call, r.data.call) AS call,
        coalesce(c.subagent, r.subagent) AS subagent,
        c.data.name AS name,
        c.data.response AS response,
        c.data.input AS input,
        c.data.input_bytes AS input_bytes,
        c.ts AS called_at,
        r.ts AS returned_at,
        r.data.ok AS ok,
        if(r.ts IS NULL, NULL, coalesce(r.data.denied, false)) AS denied,
        r.data.exit_code AS exit_code,
        r.data.duration_ms AS duration_ms,
        r.data.output AS output,
        r.data.output_bytes AS output_bytes,
        if(c.session IS NULL, r.data.cwd, c.data.cwd) AS cwd,
        if(c.session IS NULL, r.data.branch, c.data.branch) AS branch,
        coalesce(c.origin, r.origin) AS origin,
        greatest(c.position, r.position) AS changed
    FROM called AS c
    FULL JOIN returned AS r ON c.session = r.session AND c.data.call = r.data.call
) AS b
ON t.session = b.session AND t.call = b.call
WHEN MATCHED AND (t.name IS NULL AND b.name IS NOT NULL OR t.returned_at IS NULL AND b.returned_at IS NOT NULL)
THEN UPDATE SET
    subagent = if(t.name IS NULL AND b.name IS NOT NULL, b.subagent, t.subagent),
    name = coalesce(t.name, b.name),
    response = coalesce(t.response, b.response),
    input = coalesce(t.input, b.input),
    input_bytes = coalesce(t.input_bytes, b.input_bytes),
    called_at = coalesce(t.called_at, b.called_at),
    returned_at = coalesce(t.returned_at, b.returned_at),
    ok = if(t.returned_at IS NULL, b.ok, t.ok),
    denied = coalesce(t.denied, b.denied),
    exit_code = if(t.returned_at IS NULL, b.exit_code, t.exit_code),
    duration_ms = if(t.returned_at IS NULL, b.duration_ms, t.duration_ms),
    output = if(t.returned_at IS NULL, b.output, t.output),
    output_bytes = if(t.returned_at IS NULL, b.output_bytes, t.output_bytes),
    cwd = if(t.name IS NULL AND b.name IS NOT NULL, b.cwd, t.cwd),
    branch = if(t.name IS NULL AND b.name IS NOT NULL, b.branch, t.branch),
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
