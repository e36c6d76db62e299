-- Sessions that called a tool.
session IN (SELECT t.session FROM tool_sessions AS t WHERE t.tool = ?)
