INSERT INTO days VALUES (?, ?, ?)
ON CONFLICT (day) DO UPDATE SET
    oldest = min(oldest, excluded.oldest),
    newest = max(newest, excluded.newest)
