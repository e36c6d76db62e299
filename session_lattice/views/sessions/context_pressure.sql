-- How full did each session's context get, and how often was it compacted?
-- axis: sessions
-- grain: session
-- within: session
-- dirty: responses.session
-- dirty: compactions.session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column agent: | claude_code or codex
-- column responses: count | answers of the model's API on the main thread, each counted once; this and all that follows leaves subagents out
-- column peak_context_tokens: tokens | most that a response was given to read: input, cache reads and cache writes; null without a response
-- column peak_at: UTC | the first response that was given so much
-- column peak_model: | model that gave it
-- column mean_context_tokens: tokens | mean of what responses were given to read
-- column last_context_tokens: tokens | what the last response was given to read
-- column compactions: count | times that history was replaced by a summary
-- column auto_compactions: count | of these, begun by the agent because its context was full
-- column manual_compactions: count | of these, asked for by a person
-- column first_compaction_at: UTC | first of them
-- column last_compaction_at: UTC | last of them
-- column compacted_tokens: tokens | greatest context before a compaction, as the agent tells it; null where it does not
WITH contexts AS (
    SELECT
        session, ts, response, model,
        input_tokens + cache_read_tokens + cache_write_tokens AS tokens
    FROM responses
    WHERE dirty(session) AND subagent = ''
),
filled AS (
    SELECT
        session,
        count(*) AS responses,
        max(tokens) AS peak_context_tokens,
        arg_max((ts, model), (tokens, -epoch_us(ts), response)) AS peak,
        round(avg(tokens))::BIGINT AS mean_context_tokens,
        arg_max(tokens, (ts, response)) AS last_context_tokens
    FROM contexts
    GROUP BY session
),
compacted AS (
    SELECT
        session,
        count(*) AS compactions,
        count(*) FILTER (WHERE trigger = 'auto') AS auto_compactions,
        count(*) FILTER (WHERE trigger = 'manual') AS manual_compactions,
        min(ts) AS first_compaction_at,
        max(ts) AS last_compaction_at,
        max(pre_tokens) AS compacted_tokens
    FROM compactions
    WHERE dirty(session) AND subagent = ''
    GROUP BY session
)
SELECT
    session,
    split_part(session, '/', 1) AS agent,
    coalesce(f.responses, 0) AS responses,
    f.peak_context_tokens,
    f.peak[1] AS peak_at,
    f.peak[2] AS peak_model,
    f.mean_context_tokens,
    f.last_context_tokens,
    coalesce(c.compactions, 0) AS compactions,
    coalesce(c.auto_compactions, 0) AS auto_compactions,
    coalesce(c.manual_compactions, 0) AS manual_compactions,
    c.first_compaction_at,
    c.last_compaction_at,
    c.compacted_tokens
FROM filled AS f
FULL JOIN compacted AS c USING (session)
