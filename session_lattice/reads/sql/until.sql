-- Sessions that began before a time.
started_at < ?
