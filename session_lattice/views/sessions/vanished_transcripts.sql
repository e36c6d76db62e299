-- Whose transcript is gone or cannot be read, and what is kept of it here?
-- axis: sessions
-- grain: session
-- dirty: session_overview.session
-- column session: | agent and the agent's own id
-- column agent: | claude_code or codex
-- column state: | deleted or unreadable
-- column path: | where the transcript was seen last
-- column title: | the session's title
-- column repo: | repository of the directory that the session began in
-- column branch: | branch that the session began on
-- column started_at: UTC | first line that was read
-- column ended_at: UTC | last line that was read
-- column prompts: count | messages typed by a person that are kept
-- column replies: count | messages of the model that are kept
-- column tool_calls: count | calls of tools that are kept
-- column files_changed: count | files that these changed
-- column responses: count | answers of the model's API that stay counted
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
SELECT
    session,
    agent,
    transcript AS state,
    path,
    title,
    repo,
    branch,
    started_at,
    ended_at,
    prompts,
    replies,
    tool_calls,
    files_changed,
    responses,
    input_tokens,
    output_tokens,
    cache_write_tokens,
    cache_read_tokens,
    cost_microdollars,
    unpriced_responses
FROM session_overview
WHERE dirty(session) AND transcript IN ('deleted', 'unreadable')
