-- Sessions that went on at or after a time; of some an upstream knows the start only.
coalesce(ended_at, started_at) >= ?
