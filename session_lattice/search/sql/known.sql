-- Documents of these identities that are here already.
SELECT d.identity, d.id, d.ts, d.session, d.agent, d.kind, d.cwd, d.tool, d.subagent, d.source, d.body
FROM json_each(:identities) AS j
JOIN documents AS d ON d.identity = j.value
