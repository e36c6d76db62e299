-- All but the one that tells of the oldest event left, and those after it.
DELETE FROM marks
WHERE position < (
    SELECT max(position)
    FROM marks
    WHERE position <= coalesce(
        (SELECT min(position) FROM events),
        (SELECT position + 1 FROM meta)
    )
)
