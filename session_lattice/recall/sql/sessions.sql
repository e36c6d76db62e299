-- A page of sessions, newest first, behind the one that began at $began and is called $session.
SELECT
    coalesce(started_at, TIMESTAMP '0001-01-01 00:00:00') AS began,
    session,
    cwd,
    epoch_us(started_at) // 1_000_000 AS started_at,
    epoch_us(ended_at) // 1_000_000 AS ended_at,
    prompts,
    replies,
    coalesce(path, '') AS source_file,
    (duration_seconds * 1000)::BIGINT AS duration_ms,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    models
FROM session_overview
WHERE began < $began OR (began = $began AND session > $session)
ORDER BY began DESC, session
LIMIT $limit
