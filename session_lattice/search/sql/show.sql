-- What is told of the documents of a page. The plus keeps the search one pass: without it each
-- of them would be a search of its own.
SELECT
    words.rowid,
    d.ts,
    s.name,
    a.name,
    k.name,
    t.name,
    c.name,
    d.subagent,
    d.source,
    snippet(words, 0, :open, :close, '…', :words)
FROM words
CROSS JOIN documents AS d ON d.id = words.rowid
JOIN names AS s ON s.id = d.session
JOIN names AS a ON a.id = d.agent
JOIN names AS k ON k.id = d.kind
JOIN names AS t ON t.id = d.tool
JOIN names AS c ON c.id = d.cwd
WHERE words MATCH :expression
    AND words.rowid BETWEEN :first AND :last
    AND +words.rowid IN (SELECT value FROM json_each(:ids))
