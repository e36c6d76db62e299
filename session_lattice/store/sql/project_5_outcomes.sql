-- of: tool.called, tool.returned
-- Touches of calls from earlier batches whose result has come with this one.
UPDATE file_touches
SET succeeded = coalesce(t.ok, true), changed = t.changed
FROM tool_calls AS t
WHERE t.changed >= (SELECT min(position) FROM batch)
    AND t.returned_at IS NOT NULL
    AND file_touches.session = t.session
    AND file_touches.call = t.call
    AND file_touches.succeeded IS DISTINCT FROM coalesce(t.ok, true)
