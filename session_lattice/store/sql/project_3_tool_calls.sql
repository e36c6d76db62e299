-- of: tool.called, tool.returned
-- A call and its results make one row, whichever comes first; mostly all are in one batch.
-- Of several results each field is the first one's that has it.
MERGE INTO tool_calls AS t
USING (
    WITH called AS (
        SELECT * FROM batch
        WHERE type = 'tool.called'
        QUALIFY row_number() OVER (PARTITION BY session, call ORDER BY position) = 1
    ),
    returned AS (
        SELECT
            session,
            call,
            arg_min(subagent, position) AS subagent,
            arg_min(ts, position) AS ts,
            arg_min(ok, position) FILTER (WHERE ok IS NOT NULL) AS ok,
            coalesce(bool_or(denied), false) AS denied,
            arg_min(exit_code, position) FILTER (WHERE exit_code IS NOT NULL) AS exit_code,
            arg_min(duration_ms, position)
                FILTER (WHERE duration_ms IS NOT NULL) AS duration_ms,
            arg_min(output, position) FILTER (WHERE output IS NOT NULL) AS output,
            arg_min(output_bytes, position)
                FILTER (WHERE output_bytes IS NOT NULL) AS output_bytes,
            arg_min_null(cwd, position) AS cwd,
            arg_min_null(branch, position) AS branch,
            arg_min(origin, position) AS origin,
            max(position) AS position
        FROM batch
        WHERE type = 'tool.returned'
        GROUP BY session, call
    )
    SELECT
        coalesce(c.session, r.session) AS session,
        coalesce(c.call, r.call) AS call,
        coalesce(c.subagent, r.subagent) AS subagent,
        c.name,
        c.response,
        c.input,
        c.input_bytes,
        c.ts AS called_at,
        r.ts AS returned_at,
        r.ok AS ok,
        r.denied,
        r.exit_code AS exit_code,
        r.duration_ms AS duration_ms,
        r.output AS output,
        r.output_bytes AS output_bytes,
        if(c.session IS NULL, r.cwd, c.cwd) AS cwd,
        if(c.session IS NULL, r.branch, c.branch) AS branch,
        coalesce(c.origin, r.origin) AS origin,
        greatest(c.position, r.position) AS changed
    FROM called AS c
    FULL JOIN returned AS r ON c.session = r.session AND c.call = r.call
) AS b
ON t.session = b.session AND t.call = b.call
WHEN MATCHED THEN UPDATE SET
    subagent = if(t.name IS NULL AND b.name IS NOT NULL, b.subagent, t.subagent),
    cwd = if(t.name IS NULL AND b.name IS NOT NULL, b.cwd, t.cwd),
    branch = if(t.name IS NULL AND b.name IS NOT NULL, b.branch, t.branch),
    name = coalesce(t.name, b.name),
    response = coalesce(t.response, b.response),
    input = coalesce(t.input, b.input),
    input_bytes = coalesce(t.input_bytes, b.input_bytes),
    called_at = coalesce(t.called_at, b.called_at),
    returned_at = coalesce(t.returned_at, b.returned_at),
    ok = coalesce(t.ok, b.ok),
    denied = if(t.denied OR b.denied, true, coalesce(t.denied, b.denied)),
    exit_code = coalesce(t.exit_code, b.exit_code),
    duration_ms = coalesce(t.duration_ms, b.duration_ms),
    output = coalesce(t.output, b.output),
    output_bytes = coalesce(t.output_bytes, b.output_bytes),
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
