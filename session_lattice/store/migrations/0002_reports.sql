-- What upstreams tell of sessions and repositories: claims, kept apart from what transcripts
-- told. The latest report of a session replaces what the one before it said; what it no longer
-- names stays with zeros, so that `changed` tells the views of it. `day` never changes.

-- A person's own view may have had one of these names: its file is reported from now on.
DROP TABLE IF EXISTS reports;
DROP TABLE IF EXISTS reported_tools;
DROP TABLE IF EXISTS reported_stops;
DROP TABLE IF EXISTS reported_usage;
DROP TABLE IF EXISTS session_repos;
DROP TABLE IF EXISTS repos;
DELETE FROM catalog
WHERE name IN (
    'reports', 'reported_tools', 'reported_stops', 'reported_usage', 'session_repos', 'repos'
);

CREATE TABLE reports (
    session            VARCHAR   NOT NULL,  -- key
    upstream           VARCHAR   NOT NULL,
    agent              VARCHAR   NOT NULL,
    id                 VARCHAR   NOT NULL,  -- the agent's own uuid
    path               VARCHAR,             -- the transcript as the upstream sees it
    cwd                VARCHAR,
    branch             VARCHAR,
    started_at         TIMESTAMP,
    ended_at           TIMESTAMP,
    day                DATE      NOT NULL,  -- of the first report: its start, else end, else when
    duration_ms        BIGINT,
    messages           BIGINT    NOT NULL,
    user_messages      BIGINT    NOT NULL,
    assistant_messages BIGINT    NOT NULL,
    sidechain_messages BIGINT    NOT NULL,
    last_prompt        VARCHAR,
    input_tokens       BIGINT    NOT NULL,  -- without cache reads and writes
    output_tokens      BIGINT    NOT NULL,
    cache_write_tokens BIGINT    NOT NULL,
    cache_read_tokens  BIGINT    NOT NULL,
    models             VARCHAR[] NOT NULL,
    tools_used         VARCHAR[] NOT NULL,
    parent_uuid        VARCHAR,             -- this and the next two are the last line's
    request_id         VARCHAR,
    message_id         VARCHAR,
    origin             VARCHAR   NOT NULL,
    changed            BIGINT    NOT NULL
);

CREATE TABLE reported_tools (
    session VARCHAR NOT NULL,
    tool    VARCHAR NOT NULL,  -- key with session
    calls   BIGINT  NOT NULL,  -- 0: a report before the latest one named it
    errors  BIGINT  NOT NULL,  -- of calls
    origin  VARCHAR NOT NULL,
    changed BIGINT  NOT NULL
);

CREATE TABLE reported_stops (
    session   VARCHAR NOT NULL,
    reason    VARCHAR NOT NULL,  -- key with session
    responses BIGINT  NOT NULL,  -- 0: a report before the latest one named it
    origin    VARCHAR NOT NULL,
    changed   BIGINT  NOT NULL
);

CREATE TABLE reported_usage (
    session            VARCHAR NOT NULL,
    agent              VARCHAR NOT NULL,
    model              VARCHAR NOT NULL,  -- key with session; 'several models', 'unknown'
    day                DATE    NOT NULL,  -- of reports
    input_tokens       BIGINT  NOT NULL,  -- all four 0: a report before the latest one said so
    output_tokens      BIGINT  NOT NULL,
    cache_write_tokens BIGINT  NOT NULL,
    cache_read_tokens  BIGINT  NOT NULL,
    origin             VARCHAR NOT NULL,
    changed            BIGINT  NOT NULL
);

-- A row stays when its upstream no longer names it: empty is not "all gone".
CREATE TABLE session_repos (
    session  VARCHAR NOT NULL,
    repo     VARCHAR NOT NULL,  -- key with session: the path of the main checkout
    name     VARCHAR NOT NULL,
    upstream VARCHAR NOT NULL,
    origin   VARCHAR NOT NULL,
    changed  BIGINT  NOT NULL
);

CREATE TABLE repos (
    repo                     VARCHAR   NOT NULL,  -- key: the path of the main checkout
    upstream                 VARCHAR   NOT NULL,
    name                     VARCHAR   NOT NULL,
    remote_url               VARCHAR,
    default_branch           VARCHAR,
    head                     VARCHAR,             -- a branch, or 'detached'
    in_progress              VARCHAR,             -- rebase, merge …
    commits_30d              BIGINT    NOT NULL,  -- the 30 days end at observed_at
    changed_lines_30d        BIGINT    NOT NULL,
    authors_30d              BIGINT    NOT NULL,
    untracked_files          BIGINT    NOT NULL,
    modified_files           BIGINT    NOT NULL,
    commits_ahead            BIGINT    NOT NULL,
    commits_behind           BIGINT    NOT NULL,
    stashes                  BIGINT    NOT NULL,
    stale_branches           VARCHAR[] NOT NULL,
    open_prs                 BIGINT    NOT NULL,
    draft_prs                BIGINT    NOT NULL,
    open_issues              BIGINT    NOT NULL,
    prs_awaiting_my_review   BIGINT    NOT NULL,
    prs_mine_awaiting_review BIGINT    NOT NULL,
    prs_mine_no_reviewer     BIGINT    NOT NULL,
    my_draft_prs             BIGINT    NOT NULL,
    issues_assigned_to_me    BIGINT    NOT NULL,
    deploy_workflow          VARCHAR,
    deploy_status            VARCHAR,
    deployed_at              TIMESTAMP,
    observed_at              TIMESTAMP NOT NULL,
    origin                   VARCHAR   NOT NULL,
    changed                  BIGINT    NOT NULL
);
