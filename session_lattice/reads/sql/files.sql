-- Files that a session read or changed.
SELECT path, action, touches, succeeded, failed, first_at, last_at
FROM file_sessions
WHERE session = ?
