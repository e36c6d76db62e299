-- The newest documents that match, each with its BM25; the more the better. Those that come
-- before `first` and after `last` are passed over without a look.
SELECT words.rowid, -bm25(words, 1.0, 0.5, 0.0) AS score
FROM words
WHERE words MATCH :expression
    AND words.rowid BETWEEN :first AND :last
    AND (:plain OR EXISTS (
        SELECT 1
        FROM documents AS d
        WHERE d.id = words.rowid
            AND d.ts >= :since
            AND d.ts < :until
            AND (:session IS NULL OR d.session IN (SELECT value FROM json_each(:session)))
            AND (:agent IS NULL OR d.agent IN (SELECT value FROM json_each(:agent)))
            AND (:kind IS NULL OR d.kind IN (SELECT value FROM json_each(:kind)))
            AND (:cwd IS NULL OR d.cwd IN (SELECT value FROM json_each(:cwd)))
            AND (:tool IS NULL OR d.tool IN (SELECT value FROM json_each(:tool)))
    ))
ORDER BY words.rowid DESC
LIMIT :most
