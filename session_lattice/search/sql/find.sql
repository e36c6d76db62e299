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
            AND (:cwds IS NULL OR d.cwd IN (SELECT value FROM json_each(:cwds)))
    ))
ORDER BY words.rowid DESC
LIMIT :most
