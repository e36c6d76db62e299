-- Tools that a session called, in order.
SELECT
    called_at, name AS tool, ok, denied, exit_code, duration_ms, subagent, branch,
    input, input_bytes, output, output_bytes, returned_at, call, response
FROM tool_calls
WHERE session = ?
