-- Which sessions had to do with this issue, and what did that cost?
-- axis: attribution
-- grain: session, repo, host, slug, number
-- key: number
-- dirty: reference_sessions.number
-- column session: | agent and the agent's own id
-- column repo: | repository here that it is of: its main checkout's directory; empty if none here is known to be it
-- column host: | the forge; empty where nothing tells
-- column slug: | owner/repo there, lower case; empty where nothing tells
-- column number: | the issue's
-- column kind: | issue: some session names it as one and none as a pull request; either: it may be one
-- column evidence: | pr_link, opened, commit, url or mention: reference_sessions explains them
-- column evidences: | all there is, the best first
-- column confidence: | exact, strong or weak: weak is no more than a hint
-- column sessions: count | sessions that have to do with it more than weakly
-- column commits: count | commits of the session's, exact or strong, that name it
-- column branch: | branch that the session was on; empty where unknown
-- column first_at: UTC | when the session named it first
-- column last_at: UTC | when it named it last
-- column responses: count | answers of the model's API in that repository on that branch; on all if it is unknown
-- column cost_microdollars: microdollars | of these, in full for each issue of the branch; null without a known price
-- column unpriced_responses: count | of these, responses of models without a known price
SELECT
    session,
    repo,
    host,
    slug,
    number,
    if(bool_or(kind = 'issue') OVER same, 'issue', 'either') AS kind,
    evidence,
    evidences,
    confidence,
    count(*) FILTER (WHERE confidence <> 'weak') OVER same AS sessions,
    commits,
    branch,
    first_at,
    last_at,
    responses,
    cost_microdollars,
    unpriced_responses
FROM reference_sessions
WHERE dirty(number)
WINDOW same AS (PARTITION BY number, slug, if(slug = '', repo, host))
QUALIFY NOT bool_or(kind = 'pull_request') OVER same
