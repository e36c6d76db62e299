-- What the person said last in each of these sessions, on its main thread.
SELECT session, arg_max(left(text, 200), (ts, changed, message))
FROM messages
WHERE kind = 'prompt' AND subagent = '' AND session IN (SELECT unnest($sessions))
GROUP BY session
