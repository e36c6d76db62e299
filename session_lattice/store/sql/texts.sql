-- Messages, and what calls were made with and failed with, of a span of time.
SELECT
    session,
    subagent,
    message AS source,
    kind,
    epoch_us(ts) AS told_at,
    epoch_us(ts) AS failed_at,
    coalesce(cwd, '') AS cwd,
    '' AS tool,
    text,
    '' AS failure
FROM messages
WHERE changed > $position AND ts > make_timestamp($after) AND ts <= make_timestamp($until)
UNION ALL
SELECT
    session,
    subagent,
    call,
    NULL,
    epoch_us(coalesce(called_at, returned_at)),
    epoch_us(coalesce(returned_at, called_at)),
    coalesce(cwd, ''),
    coalesce(name, ''),
    coalesce(input, ''),
    if(ok = false, coalesce(output, ''), '')
FROM tool_calls
WHERE changed > $position
    AND coalesce(called_at, returned_at) > make_timestamp($after)
    AND coalesce(called_at, returned_at) <= make_timestamp($until)
ORDER BY told_at, session, source
