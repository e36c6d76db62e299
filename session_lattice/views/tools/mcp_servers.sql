-- Which MCP servers are used, for what, and do they work?
-- axis: tools
-- grain: agent, tool
-- key: tool
-- dirty: SELECT tool FROM changed(tool_reliability) WHERE starts_with(tool, 'mcp__')
-- column server: | the MCP server's name, as the agent knows it
-- column method: | the server's tool
-- column agent: | claude_code or codex
-- column sessions: count | sessions that called it
-- column calls: count | times called
-- column tool: | the tool's whole name: mcp__server__method, for both agents
-- column succeeded: count | calls whose result says that they worked; an upstream cannot tell them
-- column failed: count | calls whose result says that they failed, refused ones too
-- column unflagged: count | calls with a result that does not tell; of an upstream, all that did not fail
-- column unanswered: count | calls without a result (yet)
-- column denied: count | calls that a person or a rule refused
-- column failure_rate: ratio | failed / (succeeded + failed) of the calls in transcripts; null when no result tells
-- column p50_wait_seconds: seconds | half of the results came no later after their call; as in tool_reliability
-- column first_at: UTC | first call in a transcript
-- column last_at: UTC | last call in a transcript
SELECT
    split_part(tool, '__', 2) AS server,
    regexp_extract(tool, '^mcp__.*?__(.*)$', 1) AS method,
    agent,
    sessions,
    calls,
    tool,
    succeeded,
    failed,
    unflagged,
    unanswered,
    denied,
    failure_rate,
    p50_wait_seconds,
    first_at,
    last_at
FROM tool_reliability
WHERE starts_with(tool, 'mcp__') AND dirty(tool)
