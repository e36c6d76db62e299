-- What was said in a session, in order.
SELECT ts, role, kind, subagent, model, branch, text, text_bytes, message, response
FROM messages
WHERE session = ?
