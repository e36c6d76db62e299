-- When the oldest event kept was appended; null where nothing is kept.
SELECT at
FROM marks
WHERE position <= (SELECT min(position) FROM events)
ORDER BY position DESC
LIMIT 1
