-- Which errors come again and again, since when, and what helps?
-- axis: tools
-- grain: signature
-- dirty: session_errors.signature
-- column signature: | the line that says what went wrong, without what varies in it, as in session_errors
-- column tools: | tools that failed so
-- column occurrences: count | failed calls
-- column sessions: count | sessions in which it happened
-- column first_at: UTC | first time
-- column last_at: UTC | last time
-- column exit_codes: | exit codes that came with it, where the transcript tells them
-- column example: | the last time's line as it was
-- column next_tool: | tool that was most often called next; null if never one was
-- column next_subject: | what that call was about the last time
-- column next_share: ratio | of the occurrences, those with that next tool
-- column retried: count | occurrences after which the same was tried again in the thread
-- column resolved: count | of these, those where it then succeeded
-- column resolved_ratio: ratio | resolved / retried; null if it was never tried again
-- column p50_resolved_seconds: seconds | half of these were over no later
WITH after AS (
    SELECT
        signature,
        next_tool,
        count(*) AS times,
        arg_max(next_subject, (failed_at, session, call)) AS next_subject
    FROM session_errors
    WHERE dirty(signature) AND next_tool IS NOT NULL
    GROUP BY signature, next_tool
),
usual AS (
    SELECT signature, arg_max(after, (times, next_tool)) AS next
    FROM after
    GROUP BY signature
)
SELECT
    e.signature,
    list_sort(list_distinct(list(e.tool))) AS tools,
    count(*) AS occurrences,
    count(DISTINCT e.session) AS sessions,
    min(e.failed_at) AS first_at,
    max(e.failed_at) AS last_at,
    coalesce(
        list_sort(list_distinct(list(e.exit_code) FILTER (WHERE e.exit_code IS NOT NULL)))::VARCHAR[],
        []
    ) AS exit_codes,
    arg_max(e.excerpt, (e.failed_at, e.session, e.call)) AS example,
    any_value(u.next.next_tool) AS next_tool,
    any_value(u.next.next_subject) AS next_subject,
    round(coalesce(any_value(u.next.times), 0) / count(*), 6) AS next_share,
    count(e.resolved) AS retried,
    count(*) FILTER (WHERE e.resolved) AS resolved,
    round(count(*) FILTER (WHERE e.resolved) / nullif(count(e.resolved), 0), 6) AS resolved_ratio,
    quantile_disc(e.resolved_seconds, 0.5) AS p50_resolved_seconds
FROM session_errors AS e
LEFT JOIN usual AS u ON u.signature = e.signature
WHERE dirty(e.signature)
GROUP BY e.signature
