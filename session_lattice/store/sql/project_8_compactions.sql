-- of: session.compacted
INSERT INTO compactions BY NAME
SELECT session, subagent, ts, trigger, pre_tokens, origin, position AS changed
FROM batch AS b
WHERE type = 'session.compacted'
    AND NOT EXISTS (
        SELECT 1 FROM compactions AS c
        WHERE c.session = b.session AND c.subagent = b.subagent AND c.ts = b.ts
    )
QUALIFY row_number() OVER (PARTITION BY session, subagent, ts ORDER BY position) = 1
