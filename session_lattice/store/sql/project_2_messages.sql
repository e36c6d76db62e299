-- The anti-join keeps a rebuilt log, which delivers all again, from doubling what is here.
INSERT INTO messages BY NAME
SELECT
    session,
    subagent,
    data.message,
    ts,
    if(type = 'message.user', 'user', 'assistant') AS role,
    coalesce(data.kind, 'reply') AS kind,
    data.text,
    data.text_bytes,
    data.model,
    data.response,
    data.cwd,
    data.branch,
    origin,
    position AS changed
FROM batch AS b
WHERE type IN ('message.user', 'message.assistant')
    AND NOT EXISTS (
        SELECT 1 FROM messages AS m WHERE m.session = b.session AND m.message = b.data.message
    )
QUALIFY row_number() OVER (PARTITION BY session, data.message ORDER BY position) = 1
ORDER BY position
