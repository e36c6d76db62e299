-- The last position that may go: before all marks later than :at, up to :up_to, :limit at once.
SELECT min(
    :up_to,
    (SELECT coalesce(min(position) - 1, (SELECT position FROM meta)) FROM marks WHERE at > :at),
    (SELECT coalesce(min(position), 0) FROM events) + :limit - 1
)
