-- Sessions that went on at or after a time.
ended_at >= ?
