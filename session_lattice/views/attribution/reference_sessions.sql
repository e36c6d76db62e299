-- Which pull requests and issues has a session to do with, and how?
-- axis: attribution
-- grain: session, repo, host, slug, number
-- within: session
-- dirty: tool_calls.session
-- dirty: session_references.session
-- dirty: session_commits.session
-- dirty: session_branches.session
-- dirty: checkouts.cwd -> session_references.session
-- dirty: SELECT s.session FROM changed(merged_pull_requests) AS m
--   JOIN session_commits AS s ON s.repo = m.repo AND s.sha = m.last_commit
-- dirty: SELECT r.session FROM changed(repo_remotes) AS g
--   JOIN session_references AS r ON r.slug = g.slug WHERE g.slug <> ''
-- dirty: SELECT r.session FROM changed(repo_remotes) AS g JOIN checkouts AS d ON d.repo = g.repo
--   JOIN session_references AS r ON r.cwd = d.cwd
-- dirty: SELECT s.session FROM changed(repo_remotes) AS g JOIN commit_references AS c
--   ON c.repo = g.repo OR c.slug = g.slug AND g.slug <> '' JOIN session_commits AS s ON s.repo = c.repo AND s.sha = c.sha
-- column session: | agent and the agent's own id
-- column repo: | repository here that it is of: its main checkout's directory; of several clones the one that most speaks for; empty if none here is known to be it
-- column host: | the forge; empty where nothing tells
-- column slug: | owner/repo there, lower case; empty where nothing tells
-- column number: | its number there
-- column kind: | pull_request or issue; either where the session's texts leave it open
-- column evidence: | the best there is: pr_link (the agent linked it to the session), opened (a command that opens pull requests named it), commit (the message of a commit of the session's, or of the merge of one, names it), url (an address in the session), mention
-- column evidences: | all there is, the best first
-- column confidence: | exact: pr_link; strong: opened, commit; weak: it may only have been read about
-- column mentions: count | places that name it: messages, calls and commits
-- column commits: count | of these, commits of the session's, exact or strong
-- column first_at: UTC | first of them
-- column last_at: UTC | last of them
-- column branch: | branch of the last place with the best evidence; empty where unknown
-- column responses: count | answers of the model's API in that repository on that branch; on all if it is unknown
-- column cost_microdollars: microdollars | of these, in full for each pull request and issue that the session names; null without a known price
-- column unpriced_responses: count | of these, responses of models without a known price
WITH named AS (
    SELECT
        r.session, r.host, r.slug, r.number, r.kind, r.ts, d.repo,
        coalesce(r.branch, '') AS branch,
        CASE
            WHEN r.evidence = 'pr_link' THEN 1
            WHEN r.evidence <> 'url' THEN 5
            WHEN r.kind = 'pull_request' AND regexp_matches(
                t.input, '\b(gh pr create|glab mr create|hub pull-request|tea pulls? create)\b'
            ) THEN 2
            ELSE 4
        END AS rank,
        NULL AS sha
    FROM session_references AS r
    LEFT JOIN checkouts AS d ON d.cwd = r.cwd
    LEFT JOIN tool_calls AS t ON r.evidence = 'url' AND t.session = r.session AND t.call = r.call
    WHERE dirty(r.session)
    UNION ALL
    SELECT
        s.session, c.host, c.slug, c.number, c.kind, s.committed_at, s.repo, s.branch,
        3, s.sha
    FROM session_commits AS s
    JOIN commit_references AS c ON c.repo = s.repo AND c.sha = s.sha
    WHERE dirty(s.session) AND s.best AND s.confidence <> 'weak'
    UNION ALL
    SELECT
        s.session, m.host, m.slug, m.number, 'pull_request', m.merged_at, s.repo, s.branch,
        3, s.sha
    FROM session_commits AS s
    JOIN merged_pull_requests AS m ON m.repo = s.repo AND m.last_commit = s.sha
    WHERE dirty(s.session) AND s.best AND s.confidence <> 'weak'
),
-- A bare number is one of the repository at hand; a name may be that of another one here.
placed AS (
    SELECT
        n.* EXCLUDE (repo, host, slug),
        coalesce(if(n.slug IN ('', own.slug), n.repo, k.repo), '') AS repo,
        coalesce(nullif(n.slug, ''), own.slug, '') AS slug,
        coalesce(nullif(n.host, ''), if(n.slug IN ('', own.slug), own.host, k.host), '') AS said
    FROM named AS n
    LEFT JOIN repo_remotes AS own ON own.repo = n.repo
    LEFT JOIN (
        SELECT slug, min(repo) AS repo, arg_min(host, repo) AS host
        FROM repo_remotes
        GROUP BY slug
    ) AS k ON k.slug = n.slug AND n.slug <> ''
),
found AS (
    SELECT
        session,
        arg_min(repo, (repo = '', rank, repo)) AS repo,
        host,
        slug,
        number,
        CASE
            WHEN bool_or(kind = 'pull_request') THEN 'pull_request'
            WHEN bool_or(kind = 'issue') THEN 'issue'
            ELSE 'either'
        END AS kind,
        min(rank) AS rank,
        list_sort(list_distinct(list(rank))) AS ranks,
        count(*) AS mentions,
        count(DISTINCT sha) AS commits,
        min(ts) AS first_at,
        max(ts) AS last_at,
        arg_max(branch, (-rank, branch <> '', ts, branch)) AS branch
    FROM (
        SELECT
            *,
            coalesce(nullif(said, ''), max(said) OVER (PARTITION BY session, slug), '') AS host
        FROM placed
    )
    GROUP BY session, host, slug, number, if(slug = '', repo, '')
)
SELECT
    f.session,
    f.repo,
    f.host,
    f.slug,
    f.number,
    any_value(f.kind) AS kind,
    ['pr_link', 'opened', 'commit', 'url', 'mention'][any_value(f.rank)] AS evidence,
    list_transform(
        any_value(f.ranks), lambda r: ['pr_link', 'opened', 'commit', 'url', 'mention'][r]
    ) AS evidences,
    ['exact', 'strong', 'strong', 'weak', 'weak'][any_value(f.rank)] AS confidence,
    any_value(f.mentions) AS mentions,
    any_value(f.commits) AS commits,
    any_value(f.first_at) AS first_at,
    any_value(f.last_at) AS last_at,
    any_value(f.branch) AS branch,
    coalesce(sum(b.responses), 0)::BIGINT AS responses,
    sum(b.cost_microdollars)::BIGINT AS cost_microdollars,
    coalesce(sum(b.unpriced_responses), 0)::BIGINT AS unpriced_responses
FROM found AS f
LEFT JOIN session_branches AS b
    ON b.session = f.session AND b.repo = f.repo AND (f.branch = '' OR b.branch = f.branch)
GROUP BY f.session, f.repo, f.host, f.slug, f.number
