SELECT id, documents
FROM names
WHERE sort = :sort AND name IN (SELECT value FROM json_each(:names))
