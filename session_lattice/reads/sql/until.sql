-- Sessions that began before a time; of some an upstream knows the end only.
coalesce(started_at, ended_at) < ?
