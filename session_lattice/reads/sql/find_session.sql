-- Sessions that an id, with or without its agent, or the beginning of one may mean; exact ones first.
SELECT session, session = $given OR id = $given AS exact
FROM sessions
WHERE session = $given OR id = $given OR starts_with(session, $given) OR starts_with(id, $given)
ORDER BY session = $given DESC, exact DESC, session
LIMIT 6
