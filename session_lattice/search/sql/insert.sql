INSERT INTO documents
    (id, identity, ts, session, agent, kind, cwd, tool, subagent, source, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
