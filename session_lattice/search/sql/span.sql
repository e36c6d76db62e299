-- Between which documents those of a time are.
SELECT coalesce(min(oldest), 1), coalesce(max(newest), 0)
FROM days
WHERE day BETWEEN :since AND :until
