-- What did this commit cost?
-- axis: attribution
-- grain: session, repo, sha
-- within: session
-- dirty: responses.session
-- dirty: session_commits.session
-- dirty: checkouts.cwd -> responses.session
-- column session: | the session that wrote it: agent and the agent's own id; of several that are tied each has a row
-- column repo: | repository: its main checkout's directory
-- column sha: | the commit; empty for what the session did there after its last one
-- column committed_at: UTC | when it was committed
-- column confidence: | exact or strong; commits of which less speaks for the session cost it nothing
-- column branch: | where it was committed, as printed, else where the session made its last edit before
-- column begun_at: UTC | the session's first response in the repository after its commit before
-- column responses: count | answers of the model's API from there to the commit, given in the repository
-- column input_tokens: tokens | without cache reads and writes
-- column output_tokens: tokens | with reasoning
-- column cache_write_tokens: tokens | written to the prompt cache
-- column cache_read_tokens: tokens | read from the prompt cache
-- column cost_microdollars: microdollars | of responses whose price is known; null if none is
-- column unpriced_responses: count | responses of models without a known price
WITH own AS (
    SELECT session, repo, sha, committed_at, confidence, branch
    FROM session_commits
    WHERE dirty(session) AND best AND confidence <> 'weak'
),
spans AS (
    SELECT * FROM own
    UNION ALL BY NAME
    SELECT DISTINCT session, repo, '' AS sha, TIMESTAMP 'infinity' AS committed_at FROM own
),
spent AS (
    SELECT r.*, d.repo
    FROM responses AS r
    JOIN checkouts AS d ON d.cwd = r.cwd
    WHERE dirty(r.session)
),
shipped AS (
    SELECT
        p.session,
        s.repo,
        s.sha,
        min(p.ts) AS begun_at,
        count(*) AS responses,
        sum(p.input_tokens)::BIGINT AS input_tokens,
        sum(p.output_tokens)::BIGINT AS output_tokens,
        sum(p.cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(p.cache_read_tokens)::BIGINT AS cache_read_tokens,
        sum(p.cost_microdollars)::BIGINT AS cost_microdollars,
        count(*) FILTER (WHERE p.cost_microdollars IS NULL) AS unpriced_responses
    FROM spent AS p
    -- Of several commits in one instant the cost is the first one's.
    ASOF JOIN (
        SELECT session, repo, committed_at, min(sha) AS sha FROM spans GROUP BY ALL
    ) AS s
        ON s.session = p.session AND s.repo = p.repo AND s.committed_at >= p.ts
    GROUP BY p.session, s.repo, s.sha
)
SELECT
    s.session,
    s.repo,
    s.sha,
    nullif(s.committed_at, TIMESTAMP 'infinity') AS committed_at,
    s.confidence,
    s.branch,
    h.begun_at,
    coalesce(h.responses, 0) AS responses,
    coalesce(h.input_tokens, 0) AS input_tokens,
    coalesce(h.output_tokens, 0) AS output_tokens,
    coalesce(h.cache_write_tokens, 0) AS cache_write_tokens,
    coalesce(h.cache_read_tokens, 0) AS cache_read_tokens,
    h.cost_microdollars,
    coalesce(h.unpriced_responses, 0) AS unpriced_responses
FROM spans AS s
LEFT JOIN shipped AS h ON h.session = s.session AND h.repo = s.repo AND h.sha = s.sha
WHERE s.sha <> '' OR h.responses > 0
