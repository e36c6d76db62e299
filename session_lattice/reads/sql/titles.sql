SELECT session, title FROM sessions WHERE session IN (SELECT unnest(?::VARCHAR[]))
