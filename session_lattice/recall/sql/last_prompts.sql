-- What the person said last in each of these sessions, on its main thread, as the overview has it.
SELECT session, arg_max(left(text, 200), (ts, message))
FROM messages
WHERE kind = 'prompt' AND subagent = '' AND session IN (SELECT unnest($sessions))
GROUP BY session
