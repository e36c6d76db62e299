-- At which hours of the week is the work done?
-- axis: time
-- grain: weekday, hour_of_day
-- key: hour_of_day
-- dirty: SELECT hour(hour) FROM changed(session_hours)
-- column weekday: | 1 for Monday to 7 for Sunday, UTC
-- column hour_of_day: hours | 0 to 23, UTC
-- column days: count | different days on which there was work in this hour, to divide by
-- column sessions: count | sessions that were at work in this hour on any of these days
-- column agent_minutes: minutes | minutes in which something happened, of each thread, subagents' too
-- column prompts: count | messages typed by a person
-- column replies: count | messages of the model
-- column tool_calls: count | tools called
-- column responses: count | answers of the model's API, each counted once
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
SELECT
    isodow(hour) AS weekday,
    hour(hour) AS hour_of_day,
    count(DISTINCT hour) AS days,
    count(DISTINCT session) AS sessions,
    sum(active_minutes)::BIGINT AS agent_minutes,
    sum(prompts)::BIGINT AS prompts,
    sum(replies)::BIGINT AS replies,
    sum(tool_calls)::BIGINT AS tool_calls,
    sum(responses)::BIGINT AS responses,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
    sum(cost_microdollars)::BIGINT AS cost_microdollars,
    sum(unpriced_responses)::BIGINT AS unpriced_responses
FROM session_hours
WHERE dirty(hour(hour))
GROUP BY isodow(hour), hour(hour)
