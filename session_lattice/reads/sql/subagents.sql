-- The threads of a session and those that it started.
SELECT * FROM subagent_tree WHERE session = ? OR parent_session = ?
