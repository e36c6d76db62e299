-- What did each session do, where, for how long, at what cost?
-- axis: sessions
-- grain: session
-- dirty: sessions.session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: file_touches.session
-- dirty: responses.session
-- dirty: subagent_links.session
-- dirty: compactions.session
-- dirty: checkouts.cwd -> sessions.session
-- column session: | agent and the agent's own id
-- column agent: | claude_code or codex
-- column title: | the person's title, else a generated one, else the first prompt
-- column repo: | repository of the directory that the session began in
-- column worktree: | checkout of that repository
-- column cwd: | directory that the session began in
-- column branch: | branch that the session began on
-- column started_at: UTC | first line
-- column ended_at: UTC | last line
-- column duration_seconds: seconds | from the first line to the last
-- column prompts: count | messages typed by a person
-- column replies: count | messages of the model
-- column tool_calls: count | calls of tools, subagents' included
-- column failed_tool_calls: count | calls whose result says that they failed
-- column files_changed: count | files created, edited, moved or deleted with success
-- column subagents: count | agents that this session started
-- column compactions: count | times that history was replaced by a summary
-- column responses: count | answers of the model's API, each counted once
-- column models: | models that answered
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column reasoning_tokens: tokens | the part of output that was reasoning
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
-- column parent_session: | session that started this one
-- column forked_from: | session whose history this one began with
-- column transcript: | present, archived, deleted or unreadable on disk
-- column path: | the transcript's file
-- column sample: | true for the sample that ships with session-lattice
WITH said AS (
    SELECT
        session,
        count(*) FILTER (WHERE kind = 'prompt' AND subagent = '') AS prompts,
        count(*) FILTER (WHERE role = 'assistant') AS replies
    FROM messages
    WHERE dirty(session)
    GROUP BY session
),
called AS (
    SELECT
        session,
        count(*) FILTER (WHERE name IS NOT NULL) AS tool_calls,
        count(*) FILTER (WHERE name IS NOT NULL AND NOT ok) AS failed_tool_calls
    FROM tool_calls
    WHERE dirty(session)
    GROUP BY session
),
changed_files AS (
    SELECT session, count(DISTINCT path) AS files_changed
    FROM file_touches
    WHERE dirty(session) AND succeeded AND action IN ('create', 'edit', 'delete', 'move')
    GROUP BY session
),
spawned AS (
    SELECT session, count(*) AS subagents
    FROM subagent_links
    WHERE dirty(session)
    GROUP BY session
),
compacted AS (
    SELECT session, count(*) AS compactions
    FROM compactions
    WHERE dirty(session)
    GROUP BY session
),
spent AS (
    SELECT
        session,
        count(*) AS responses,
        list(DISTINCT model ORDER BY model) AS models,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
        sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
        sum(cost_microdollars)::BIGINT AS cost_microdollars,
        count(*) FILTER (WHERE cost_microdollars IS NULL) AS unpriced_responses
    FROM responses
    WHERE dirty(session)
    GROUP BY session
)
SELECT
    s.session,
    s.agent,
    s.title,
    coalesce(c.repo, s.cwd) AS repo,
    coalesce(c.worktree, s.cwd) AS worktree,
    s.cwd,
    s.branch,
    s.started_at,
    s.ended_at,
    epoch(s.ended_at - s.started_at) AS duration_seconds,
    coalesce(said.prompts, 0) AS prompts,
    coalesce(said.replies, 0) AS replies,
    coalesce(called.tool_calls, 0) AS tool_calls,
    coalesce(called.failed_tool_calls, 0) AS failed_tool_calls,
    coalesce(changed_files.files_changed, 0) AS files_changed,
    coalesce(spawned.subagents, 0) AS subagents,
    coalesce(compacted.compactions, 0) AS compactions,
    coalesce(spent.responses, 0) AS responses,
    coalesce(spent.models, []) AS models,
    coalesce(spent.input_tokens, 0) AS input_tokens,
    coalesce(spent.output_tokens, 0) AS output_tokens,
    coalesce(spent.cache_write_tokens, 0) AS cache_write_tokens,
    coalesce(spent.cache_read_tokens, 0) AS cache_read_tokens,
    coalesce(spent.reasoning_tokens, 0) AS reasoning_tokens,
    spent.cost_microdollars,
    coalesce(spent.unpriced_responses, 0) AS unpriced_responses,
    s.parent_session,
    s.forked_from,
    s.transcript,
    s.path,
    s.sample
FROM sessions AS s
LEFT JOIN checkouts AS c ON c.cwd = s.cwd
LEFT JOIN said ON said.session = s.session
LEFT JOIN called ON called.session = s.session
LEFT JOIN changed_files ON changed_files.session = s.session
LEFT JOIN spawned ON spawned.session = s.session
LEFT JOIN compacted ON compacted.session = s.session
LEFT JOIN spent ON spent.session = s.session
WHERE dirty(s.session)
