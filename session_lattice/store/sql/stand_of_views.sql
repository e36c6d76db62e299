-- Views that are up to date with a pass, whether or not it changed them.
UPDATE catalog
SET refreshed_position = $position, refreshed_pass = $pass, materialized_at = $at, error = NULL
WHERE list_contains($names, name)
