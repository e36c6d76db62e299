-- of: session.reported
-- The latest report of a session replaces what the one before it said, all but the day.
MERGE INTO reports AS r
USING (
    SELECT
        session,
        upstream,
        agent,
        id,
        path,
        cwd,
        branch,
        started_at,
        ended_at,
        first_value(coalesce(started_at, ended_at, ts)::DATE)
            OVER (PARTITION BY session ORDER BY position) AS day,
        duration_ms,
        coalesce(messages, 0) AS messages,
        coalesce(user_messages, 0) AS user_messages,
        coalesce(assistant_messages, 0) AS assistant_messages,
        coalesce(sidechain_messages, 0) AS sidechain_messages,
        last_prompt,
        coalesce(input_tokens, 0) AS input_tokens,
        coalesce(output_tokens, 0) AS output_tokens,
        coalesce(cache_write_tokens, 0) AS cache_write_tokens,
        coalesce(cache_read_tokens, 0) AS cache_read_tokens,
        coalesce(models, []) AS models,
        coalesce(tools_used, []) AS tools_used,
        parent_uuid,
        request_id,
        message_id,
        origin,
        position AS changed
    FROM batch
    WHERE type = 'session.reported'
    QUALIFY row_number() OVER (PARTITION BY session ORDER BY position DESC) = 1
) AS b
ON r.session = b.session
WHEN MATCHED THEN UPDATE SET
    upstream = b.upstream,
    path = b.path,
    cwd = b.cwd,
    branch = b.branch,
    started_at = b.started_at,
    ended_at = b.ended_at,
    duration_ms = b.duration_ms,
    messages = b.messages,
    user_messages = b.user_messages,
    assistant_messages = b.assistant_messages,
    sidechain_messages = b.sidechain_messages,
    last_prompt = b.last_prompt,
    input_tokens = b.input_tokens,
    output_tokens = b.output_tokens,
    cache_write_tokens = b.cache_write_tokens,
    cache_read_tokens = b.cache_read_tokens,
    models = b.models,
    tools_used = b.tools_used,
    parent_uuid = b.parent_uuid,
    request_id = b.request_id,
    message_id = b.message_id,
    origin = b.origin,
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
