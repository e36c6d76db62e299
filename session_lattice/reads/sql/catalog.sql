-- The views of the generation, as last refreshed. All columns: a generation of an earlier version
-- is served until the next one, and has fewer.
SELECT *
FROM catalog
ORDER BY axis, name
