-- Where did a person or a rule stop the agent, and what came after?
-- axis: tools
-- grain: session
-- within: session
-- dirty: tool_calls.session
-- dirty: messages.session
-- column session: | agent and the agent's own id, of sessions with a refused call or an interrupt; none that only an upstream tells of
-- column denied: count | calls that a person or a rule refused
-- column interrupts: count | times that a person stopped the agent in the middle of its turn
-- column then_prompted: count | of all these stops, those after which a person's next prompt came first in the thread
-- column then_retried: count | those after which the agent called the tool that was refused again
-- column then_replied: count | those after which it answered in words
-- column then_nothing: count | those after which the thread ended
-- column then_other_tool: count | those after which it called another tool
-- column agent: | claude_code or codex
-- column denied_commands: count | of these, commands of a shell
-- column denied_edits: count | of these, changes of files
-- column denied_plans: count | of these, plans and questions that a person did not take up
-- column denied_mcp: count | of these, tools of MCP servers
-- column denied_other: count | the rest of them
-- column tools: | tools that were refused
-- column first_at: UTC | first stop
-- column last_at: UTC | last stop
WITH stops AS (
    SELECT session, subagent, coalesce(returned_at, called_at) AS ts, coalesce(name, '') AS tool
    FROM tool_calls
    WHERE dirty(session) AND denied
    UNION ALL
    SELECT session, subagent, ts, NULL
    FROM messages
    WHERE dirty(session) AND kind = 'interrupt'
),
lines AS (
    SELECT session, subagent, called_at AS ts, name AS line, 2 AS place
    FROM tool_calls
    WHERE dirty(session) AND name IS NOT NULL AND session IN (SELECT session FROM stops)
    UNION ALL
    SELECT session, subagent, ts, if(kind = 'prompt', ' prompt', ' reply'), if(kind = 'prompt', 0, 1)
    FROM messages
    WHERE dirty(session) AND kind IN ('prompt', 'reply') AND session IN (SELECT session FROM stops)
),
-- Of lines with one time, a prompt goes before what answers it.
firsts AS (
    SELECT session, subagent, ts, arg_min(line, (place, line)) AS line
    FROM lines
    WHERE ts IS NOT NULL
    GROUP BY session, subagent, ts
),
timeline AS (
    SELECT session, subagent, ts, true AS stop, tool, NULL AS line FROM stops
    UNION ALL
    SELECT session, subagent, ts, false, NULL, line FROM firsts
),
followed AS (
    SELECT
        *,
        first_value(line IGNORE NULLS) OVER (
            PARTITION BY session, subagent ORDER BY ts, stop
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_line
    FROM timeline
)
SELECT
    session,
    count(tool) AS denied,
    count(*) FILTER (WHERE tool IS NULL) AS interrupts,
    count(*) FILTER (WHERE next_line = ' prompt') AS then_prompted,
    count(*) FILTER (WHERE next_line = tool) AS then_retried,
    count(*) FILTER (WHERE next_line = ' reply') AS then_replied,
    count(*) FILTER (WHERE next_line IS NULL) AS then_nothing,
    count(*) - then_prompted - then_retried - then_replied - then_nothing AS then_other_tool,
    split_part(session, '/', 1) AS agent,
    count(*) FILTER (WHERE runs_commands(tool)) AS denied_commands,
    count(*) FILTER (WHERE tool IN ('Edit', 'MultiEdit', 'Write', 'NotebookEdit', 'apply_patch'))
        AS denied_edits,
    count(*) FILTER (WHERE tool IN ('ExitPlanMode', 'AskUserQuestion', 'request_user_input'))
        AS denied_plans,
    count(*) FILTER (WHERE starts_with(tool, 'mcp__')) AS denied_mcp,
    denied - denied_commands - denied_edits - denied_plans - denied_mcp AS denied_other,
    coalesce(list_sort(list_distinct(list(tool) FILTER (WHERE tool <> ''))), []) AS tools,
    min(ts) AS first_at,
    max(ts) AS last_at
FROM followed
WHERE stop
GROUP BY session
