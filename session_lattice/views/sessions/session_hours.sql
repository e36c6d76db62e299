-- What happened in each hour of a session, thread by thread?
-- axis: sessions
-- grain: session, subagent, hour
-- key: session
-- within: session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: responses.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column subagent: | the subagent's id, empty for the session's main thread
-- column hour: UTC | its beginning
-- column agent: | claude_code or codex
-- column minutes_mask: | bit 0 to 59 is set when in that minute something was said, answered, called or returned
-- column active_minutes: minutes | minutes in which something happened
-- column prompts: count | messages typed by a person, all on the main thread
-- column replies: count | messages of the model
-- column tool_calls: count | tools called
-- column responses: count | answers of the model's API, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
WITH happened AS (
    SELECT
        session, subagent, ts,
        (kind = 'prompt' AND subagent = '')::INTEGER AS prompts,
        (role = 'assistant')::INTEGER AS replies,
        0 AS tool_calls, 0 AS responses,
        0 AS input_tokens, 0 AS output_tokens, 0 AS cache_write_tokens, 0 AS cache_read_tokens,
        NULL::BIGINT AS cost_microdollars, 0 AS unpriced
    FROM messages
    WHERE dirty(session)
    UNION ALL
    SELECT session, subagent, called_at, 0, 0, 1, 0, 0, 0, 0, 0, NULL, 0
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL
    UNION ALL
    SELECT session, subagent, returned_at, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0
    FROM tool_calls
    WHERE dirty(session) AND returned_at IS NOT NULL
    UNION ALL
    SELECT
        session, subagent, ts, 0, 0, 0, 1,
        input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,
        cost_microdollars, (cost_microdollars IS NULL)::INTEGER
    FROM responses
    WHERE dirty(session)
)
SELECT
    session,
    subagent,
    date_trunc('hour', ts) AS hour,
    split_part(session, '/', 1) AS agent,
    bit_or(1::UBIGINT << minute(ts)) AS minutes_mask,
    bit_count(minutes_mask)::BIGINT AS active_minutes,
    sum(prompts)::BIGINT AS prompts,
    sum(replies)::BIGINT AS replies,
    sum(tool_calls)::BIGINT AS tool_calls,
    sum(responses)::BIGINT AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    sum(unpriced)::BIGINT AS unpriced_responses
FROM happened
GROUP BY session, subagent, hour
