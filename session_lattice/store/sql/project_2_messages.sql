-- of: message.user, message.assistant
-- The anti-join keeps a rebuilt log, which delivers all again, from doubling what is here.
INSERT INTO messages BY NAME
SELECT
    session,
    subagent,
    message,
    ts,
    if(type = 'message.user', 'user', 'assistant') AS role,
    coalesce(kind, 'reply') AS kind,
    text,
    text_bytes,
    model,
    response,
    cwd,
    branch,
    origin,
    position AS changed
FROM batch AS b
WHERE type IN ('message.user', 'message.assistant')
    AND NOT EXISTS (
        SELECT 1 FROM messages AS m WHERE m.session = b.session AND m.message = b.message
    )
QUALIFY row_number() OVER (PARTITION BY session, message ORDER BY position) = 1
ORDER BY position
