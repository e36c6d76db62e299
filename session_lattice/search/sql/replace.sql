UPDATE documents
SET
    ts = ?, session = ?, agent = ?, kind = ?, cwd = ?, tool = ?, subagent = ?, source = ?,
    body = ?
WHERE id = ?
