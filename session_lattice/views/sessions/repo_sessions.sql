-- Which sessions worked in this repository, on which branches, at what cost?
-- axis: sessions
-- grain: repo, session
-- key: session
-- dirty: session_branches.session
-- dirty: session_overview.session
-- dirty: reports.session
-- dirty: session_repos.session
-- dirty: checkouts.cwd -> reports.session
-- column repo: | repository: its main checkout's directory, or the directory worked in
-- column session: | agent and the agent's own id
-- column agent: | claude_code or codex
-- column title: | the session's title; else an upstream's last prompt
-- column worktrees: | checkouts of the repository that the session worked in
-- column branches: | branches that it worked on there
-- column first_at: UTC | first work there
-- column last_at: UTC | last work there
-- column messages: count | messages written there
-- column tool_calls: count | tools called there
-- column responses: count | answers of the model's API given there; 0 if counts_from is upstream, which cannot tell them
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of the responses whose price is known; null if none is, or if counts_from is upstream
-- column unpriced_responses: count | responses of models without a known price; 0 if counts_from is upstream
-- column linked_by: | work: it is known to have worked there; upstream: only an upstream says that it has to do with it
-- column counts_from: | transcript, or upstream for a session of whose work no transcript tells
WITH known AS (
    SELECT * FROM session_branches WHERE dirty(session)
),
claimed_calls AS (
    SELECT session, sum(calls)::BIGINT AS calls
    FROM reported_tools
    WHERE dirty(session)
    GROUP BY session
),
placed AS (
    SELECT
        session, repo, worktrees, branch, first_at, last_at,
        messages, tool_calls, responses,
        input_tokens, output_tokens, cache_write_tokens, cache_read_tokens,
        cost_microdollars, unpriced_responses,
        true AS worked
    FROM known
    WHERE repo <> ''
    UNION ALL
    SELECT
        r.session, coalesce(c.repo, r.cwd), [coalesce(c.worktree, r.cwd)], r.branch,
        r.started_at, r.ended_at,
        r.messages, coalesce(calls.calls, 0), 0,
        r.input_tokens, r.output_tokens, r.cache_write_tokens, r.cache_read_tokens,
        NULL, 0,
        true
    FROM reports AS r
    LEFT JOIN checkouts AS c ON c.cwd = r.cwd
    LEFT JOIN claimed_calls AS calls ON calls.session = r.session
    WHERE dirty(r.session) AND r.cwd IS NOT NULL AND r.session NOT IN (SELECT session FROM known)
    UNION ALL BY NAME
    SELECT session, repo, false AS worked
    FROM session_repos
    WHERE dirty(session)
)
SELECT
    p.repo,
    p.session,
    any_value(s.agent) AS agent,
    any_value(s.title) AS title,
    coalesce(list_sort(list_distinct(flatten(list(p.worktrees)))), []) AS worktrees,
    coalesce(
        list(DISTINCT p.branch ORDER BY p.branch) FILTER (WHERE p.branch <> ''), []
    ) AS branches,
    min(p.first_at) AS first_at,
    max(p.last_at) AS last_at,
    coalesce(sum(p.messages), 0)::BIGINT AS messages,
    coalesce(sum(p.tool_calls), 0)::BIGINT AS tool_calls,
    coalesce(sum(p.responses), 0)::BIGINT AS responses,
    coalesce(sum(p.input_tokens), 0)::BIGINT AS input_tokens,
    coalesce(sum(p.output_tokens), 0)::BIGINT AS output_tokens,
    coalesce(sum(p.cache_write_tokens), 0)::BIGINT AS cache_write_tokens,
    coalesce(sum(p.cache_read_tokens), 0)::BIGINT AS cache_read_tokens,
    sum(p.cost_microdollars)::BIGINT AS cost_microdollars,
    coalesce(sum(p.unpriced_responses), 0)::BIGINT AS unpriced_responses,
    if(bool_or(p.worked), 'work', 'upstream') AS linked_by,
    if(p.session IN (SELECT session FROM known), 'transcript', 'upstream') AS counts_from
FROM placed AS p
LEFT JOIN session_overview AS s ON s.session = p.session
GROUP BY p.repo, p.session
