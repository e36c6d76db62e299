-- Which tools these sessions called, as a list of (tool, calls, errors).
SELECT session, list((tool, calls, failed) ORDER BY tool)
FROM tool_sessions
WHERE session IN (SELECT unnest($sessions))
GROUP BY session
