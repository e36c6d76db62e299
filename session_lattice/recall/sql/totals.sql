-- How many sessions there are, and when the first one began.
SELECT count(*), epoch_us(min(started_at)) // 1_000_000
FROM session_overview
