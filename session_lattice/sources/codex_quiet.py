"""What stands in rollouts and makes no event; anything else unknown is counted."""

KNOWN_LINES = frozenset(
    {
        "compacted",
        "event_msg",
        "inter_agent_communication",
        "inter_agent_communication_metadata",
        "realtime_item",
        "response_item",
        "retained_context",
        "security_risk_score",
        "session_meta",
        "token_usage_record",
        "turn_context",
        "world_state",
    }
)
"""Types of lines: those without a handler make no event."""

QUIET_ITEMS = frozenset(
    {
        "additional_tools",
        "compaction",
        "compaction_trigger",
        "context_compaction",
        "ghost_snapshot",
        "other",
        "reasoning",
    }
)
"""Types of response items that make no event: reasoning is not kept."""

QUIET_EVENTS = frozenset(
    {
        "agent_message",
        "agent_reasoning",
        "agent_reasoning_raw_content",
        "agent_reasoning_section_break",
        "background_event",
        "collab_agent_interaction_end",
        "collab_close_end",
        "collab_resume_end",
        "collab_waiting_end",
        "context_compacted",
        "dynamic_tool_call_request",
        "dynamic_tool_call_response",
        "entered_review_mode",
        "error",
        "exec_command_begin",
        "exited_review_mode",
        "guardian_assessment",
        "guardian_warning",
        "hook_completed",
        "hook_started",
        "image_generation_begin",
        "image_generation_end",
        "injected_message",
        "item_started",
        "mcp_tool_call_begin",
        "model_reroute",
        "patch_apply_begin",
        "plan_update",
        "session_configured",
        "stream_error",
        "task_complete",
        "task_started",
        "thread_goal_updated",
        "thread_rolled_back",
        "thread_settings_applied",
        "turn_complete",
        "turn_diff",
        "turn_started",
        "undo_completed",
        "view_image_tool_call",
        "warning",
        "web_search_begin",
        "web_search_end",
    }
)
"""Types of event messages that make no event: they repeat items, or tell of no work."""

QUIET_TURN_ITEMS = frozenset(
    {
        "AgentMessage",
        "CollabAgentToolCall",
        "ContextCompaction",
        "DynamicToolCall",
        "EnteredReviewMode",
        "ExitedReviewMode",
        "Extension",
        "FunctionCallOutput",
        "HookPrompt",
        "ImageGeneration",
        "ImageView",
        "McpToolCall",
        "Plan",
        "Reasoning",
        "Sleep",
        "WebSearch",
    }
)
"""Types of completed turn items that make no event: each stands as a response item too."""
