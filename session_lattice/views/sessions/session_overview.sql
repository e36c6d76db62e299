-- What did each session do, where, for how long, at what cost?
-- axis: sessions
-- grain: session
-- within: session
-- dirty: sessions.session
-- dirty: messages.session
-- dirty: tool_calls.session
-- dirty: file_touches.session
-- dirty: responses.session
-- dirty: subagent_links.session
-- dirty: compactions.session
-- dirty: checkouts.cwd -> sessions.session
-- dirty: reports.session
-- dirty: checkouts.cwd -> reports.session
-- column session: | agent and the agent's own id
-- column agent: | claude_code or codex
-- column title: | the person's, else a generated one, else the first prompt; else an upstream's last prompt, one line of at most 120 characters
-- column repo: | repository of the directory that the session began in
-- column worktree: | checkout of that repository
-- column cwd: | directory that the session began in
-- column branch: | branch that the session began on
-- column started_at: UTC | first line; this and where the session was come from an upstream where no transcript tells
-- column ended_at: UTC | last line
-- column duration_seconds: seconds | from the first line to the last
-- column prompts: count | messages typed by a person; of an upstream, all of the user's
-- column replies: count | messages of the model
-- column tool_calls: count | calls of tools, subagents' included
-- column failed_tool_calls: count | calls whose result says that they failed
-- column files_changed: count | files created, edited, moved or deleted with success; an upstream cannot tell them
-- column subagents: count | agents that this session started; an upstream cannot tell them
-- column compactions: count | times that history was replaced by a summary; an upstream cannot tell them
-- column responses: count | answers of the model's API, each counted once; 0 if tokens_from is upstream, which cannot tell them
-- column models: | models that answered
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column reasoning_tokens: tokens | the part of output that was reasoning; 0 if tokens_from is upstream, which cannot tell it
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is, or if tokens_from is upstream
-- column unpriced_responses: count | responses of models without a known price; 0 if tokens_from is upstream
-- column parent_session: | session that started this one
-- column forked_from: | session whose history this one began with
-- column transcript: | present, archived, deleted or unreadable on disk; unread if only an upstream tells of the session
-- column path: | the transcript's file
-- column sample: | true for the sample that ships with session-lattice
-- column last_prompt: | last prompt typed on the main thread, at most 200 characters; else the upstream's
-- column messages_from: | where prompts and replies come from: transcript or upstream
-- column tool_calls_from: | where tool_calls and failed_tool_calls come from: transcript or upstream
-- column tokens_from: | where models and tokens come from: transcript; or upstream: its claim, which may count an answer twice
-- column upstream: | the upstream that tells of the session too; null when none does
WITH said AS (
    SELECT
        session,
        count(*) FILTER (WHERE kind = 'prompt' AND subagent = '') AS prompts,
        count(*) FILTER (WHERE role = 'assistant') AS replies,
        arg_max(left(text, 200), (ts, message))
            FILTER (WHERE kind = 'prompt' AND subagent = '') AS last_prompt
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
),
claimed_calls AS (
    SELECT session, sum(calls)::BIGINT AS calls, sum(errors)::BIGINT AS errors
    FROM reported_tools
    WHERE dirty(session)
    GROUP BY session
),
-- What an upstream tells, and of what the transcript has nothing of its own. A transcript that
-- was read and has no response answered nothing: what it copied is counted where it began.
told AS (
    SELECT
        r.*,
        coalesce(calls.calls, 0) AS calls,
        coalesce(calls.errors, 0) AS errors,
        said.session IS NULL AS fills_messages,
        said.session IS NULL AND called.session IS NULL AS fills_calls,
        said.session IS NULL AND spent.session IS NULL AS fills_tokens
    FROM reports AS r
    LEFT JOIN claimed_calls AS calls ON calls.session = r.session
    LEFT JOIN said ON said.session = r.session
    LEFT JOIN called ON called.session = r.session
    LEFT JOIN spent ON spent.session = r.session
    WHERE dirty(r.session)
)
SELECT
    s.session,
    s.agent,
    coalesce(
        s.title,
        -- The expression is slow, and most prompts are one plain line.
        nullif(left(trim(if(
            contains(told.last_prompt, '  ') OR translate(told.last_prompt, E'\t\r\n', '') <> told.last_prompt,
            regexp_replace(told.last_prompt, '\s+', ' ', 'g'),
            told.last_prompt
        )), 120), '')
    ) AS title,
    coalesce(c.repo, s.cwd, told.cwd) AS repo,
    coalesce(c.worktree, s.cwd, told.cwd) AS worktree,
    coalesce(s.cwd, told.cwd) AS cwd,
    coalesce(s.branch, told.branch) AS branch,
    coalesce(s.started_at, told.started_at) AS started_at,
    coalesce(s.ended_at, told.ended_at) AS ended_at,
    epoch(coalesce(s.ended_at, told.ended_at) - coalesce(s.started_at, told.started_at))
        AS duration_seconds,
    if(told.fills_messages, told.user_messages, coalesce(said.prompts, 0)) AS prompts,
    if(told.fills_messages, told.assistant_messages, coalesce(said.replies, 0)) AS replies,
    if(told.fills_calls, told.calls, coalesce(called.tool_calls, 0)) AS tool_calls,
    if(told.fills_calls, told.errors, coalesce(called.failed_tool_calls, 0)) AS failed_tool_calls,
    coalesce(changed_files.files_changed, 0) AS files_changed,
    coalesce(spawned.subagents, 0) AS subagents,
    coalesce(compacted.compactions, 0) AS compactions,
    coalesce(spent.responses, 0) AS responses,
    if(told.fills_tokens, list_sort(list_distinct(told.models)), coalesce(spent.models, []))
        AS models,
    if(told.fills_tokens, told.input_tokens, coalesce(spent.input_tokens, 0)) AS input_tokens,
    if(told.fills_tokens, told.output_tokens, coalesce(spent.output_tokens, 0)) AS output_tokens,
    if(told.fills_tokens, told.cache_write_tokens, coalesce(spent.cache_write_tokens, 0))
        AS cache_write_tokens,
    if(told.fills_tokens, told.cache_read_tokens, coalesce(spent.cache_read_tokens, 0))
        AS cache_read_tokens,
    coalesce(spent.reasoning_tokens, 0) AS reasoning_tokens,
    spent.cost_microdollars,
    coalesce(spent.unpriced_responses, 0) AS unpriced_responses,
    s.parent_session,
    s.forked_from,
    s.transcript,
    coalesce(s.path, told.path) AS path,
    s.sample,
    left(coalesce(said.last_prompt, told.last_prompt), 200) AS last_prompt,
    if(told.fills_messages, 'upstream', 'transcript') AS messages_from,
    if(told.fills_calls, 'upstream', 'transcript') AS tool_calls_from,
    if(told.fills_tokens, 'upstream', 'transcript') AS tokens_from,
    told.upstream
FROM sessions AS s
LEFT JOIN told ON told.session = s.session
LEFT JOIN checkouts AS c ON c.cwd = coalesce(s.cwd, told.cwd)
LEFT JOIN said ON said.session = s.session
LEFT JOIN called ON called.session = s.session
LEFT JOIN changed_files ON changed_files.session = s.session
LEFT JOIN spawned ON spawned.session = s.session
LEFT JOIN compacted ON compacted.session = s.session
LEFT JOIN spent ON spent.session = s.session
WHERE dirty(s.session)
