-- What an upstream claims that a session used, where no transcript was read: it cannot tell
-- responses, reasoning and cost.
SELECT
    u.agent,
    u.model,
    NULL AS responses,
    u.input_tokens,
    u.output_tokens,
    u.cache_write_tokens,
    u.cache_read_tokens,
    NULL AS reasoning_tokens,
    NULL AS cost_microdollars,
    'upstream' AS counted_from
FROM reported_usage AS u
WHERE u.session = ?
    AND greatest(u.input_tokens, u.output_tokens, u.cache_write_tokens, u.cache_read_tokens) > 0
    AND NOT EXISTS (SELECT 1 FROM responses AS r WHERE r.session = u.session)
    AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.session = u.session)
