-- What did the main thread and each subagent cost, and which call started whom?
-- axis: sessions
-- grain: session, subagent
-- key: session
-- within: session
-- dirty: sessions.session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: responses.session
-- dirty: subagent_links.child_session
-- column session: | agent and the agent's own id; none that only an upstream tells of
-- column subagent: | the subagent's id, empty for the session's main thread
-- column parent_session: | session that started this thread; null for one that a person started
-- column parent_subagent: | thread of that session, empty for its main thread
-- column call: | the tool call that started it; null when no record tells
-- column kind: | type of agent that was asked for
-- column description: | what it was asked to do
-- column first_at: UTC | first message, call or response
-- column last_at: UTC | last message, call or response
-- column messages: count | messages of the thread
-- column tool_calls: count | tools that the thread called
-- column responses: count | answers of the model's API
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
WITH work AS (
    SELECT session, '' AS subagent, NULL::TIMESTAMP AS ts, 0 AS messages, 0 AS tool_calls, 0 AS responses,
        0 AS input_tokens, 0 AS output_tokens, 0 AS cache_write_tokens, 0 AS cache_read_tokens,
        NULL::BIGINT AS cost_microdollars, 0 AS unpriced
    FROM sessions
    WHERE dirty(session) AND transcript <> 'unread'
    UNION ALL
    SELECT child_session, child_subagent, NULL, 0, 0, 0, 0, 0, 0, 0, NULL, 0
    FROM subagent_links
    WHERE dirty(child_session)
    UNION ALL
    SELECT session, subagent, ts, 1, 0, 0, 0, 0, 0, 0, NULL, 0
    FROM messages
    WHERE dirty(session)
    UNION ALL
    SELECT session, subagent, called_at, 0, 1, 0, 0, 0, 0, 0, NULL, 0
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL
    UNION ALL
    SELECT
        session, subagent, ts, 0, 0, 1,
        input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,
        cost_microdollars, (cost_microdollars IS NULL)::INTEGER
    FROM responses
    WHERE dirty(session)
),
threads AS (
    SELECT
        session,
        subagent,
        min(ts) AS first_at,
        max(ts) AS last_at,
        sum(messages)::BIGINT AS messages,
        sum(tool_calls)::BIGINT AS tool_calls,
        sum(responses)::BIGINT AS responses,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
        sum(cost_microdollars)::BIGINT AS cost_microdollars,
        sum(unpriced)::BIGINT AS unpriced_responses
    FROM work
    GROUP BY session, subagent
)
SELECT
    t.session,
    t.subagent,
    l.session AS parent_session,
    l.subagent AS parent_subagent,
    l.call,
    l.kind,
    l.description,
    t.* EXCLUDE (session, subagent)
FROM threads AS t
LEFT JOIN subagent_links AS l ON l.child_session = t.session AND l.child_subagent = t.subagent
