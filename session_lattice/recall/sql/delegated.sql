-- How many messages are subagents', for those of these sessions that have any.
SELECT session, count(*)
FROM messages
WHERE subagent <> '' AND session IN (SELECT unnest($sessions))
GROUP BY session
