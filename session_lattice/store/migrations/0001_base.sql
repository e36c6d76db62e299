-- Base tables: facts at their finest grain. Keys are text, times are UTC, money is integer
-- microdollars, sizes are bytes. `changed` is the log position that last touched the row:
-- what is above a view's refreshed position makes its keys dirty. `session` is
-- "<agent>/<uuid>" everywhere; `subagent` is '' on the main thread.

-- Exactly one row: how far the log has been applied.
CREATE TABLE applied (
    epoch    VARCHAR NOT NULL,
    position BIGINT  NOT NULL
);

CREATE TABLE sessions (
    session         VARCHAR NOT NULL,  -- key
    agent           VARCHAR NOT NULL,
    id              VARCHAR NOT NULL,  -- the agent's own uuid
    title           VARCHAR,
    title_rank      INTEGER NOT NULL,
    path            VARCHAR,           -- the transcript's file
    transcript      VARCHAR NOT NULL,  -- present, archived, deleted, unreadable
    version         VARCHAR,           -- of the agent
    entrypoint      VARCHAR,
    cwd             VARCHAR,           -- the first one
    branch          VARCHAR,           -- the first one
    parent_session  VARCHAR,
    forked_from     VARCHAR,
    repository_url  VARCHAR,
    sample          BOOLEAN NOT NULL,
    started_at      TIMESTAMP,
    ended_at        TIMESTAMP,
    origin          VARCHAR NOT NULL,
    changed         BIGINT  NOT NULL
);

CREATE TABLE messages (
    session    VARCHAR   NOT NULL,
    subagent   VARCHAR   NOT NULL,
    message    VARCHAR   NOT NULL,  -- key with session
    ts         TIMESTAMP NOT NULL,
    role       VARCHAR   NOT NULL,  -- user, assistant
    kind       VARCHAR   NOT NULL,  -- events.MessageKind
    text       VARCHAR   NOT NULL,
    text_bytes BIGINT    NOT NULL,
    model      VARCHAR,
    response   VARCHAR,
    cwd        VARCHAR,
    branch     VARCHAR,
    origin     VARCHAR   NOT NULL,
    changed    BIGINT    NOT NULL
);

CREATE TABLE tool_calls (
    session      VARCHAR NOT NULL,
    call         VARCHAR NOT NULL,  -- key with session
    subagent     VARCHAR NOT NULL,
    name         VARCHAR,           -- NULL: the result came without its call
    response     VARCHAR,
    input        VARCHAR,
    input_bytes  BIGINT,
    called_at    TIMESTAMP,
    returned_at  TIMESTAMP,         -- NULL: no result (yet)
    ok           BOOLEAN,           -- NULL: no flag tells
    denied       BOOLEAN,
    exit_code    INTEGER,
    duration_ms  BIGINT,
    output       VARCHAR,
    output_bytes BIGINT,
    cwd          VARCHAR,
    branch       VARCHAR,
    origin       VARCHAR NOT NULL,
    changed      BIGINT  NOT NULL
);

CREATE TABLE file_touches (
    session   VARCHAR NOT NULL,
    call      VARCHAR NOT NULL,
    path      VARCHAR NOT NULL,
    action    VARCHAR NOT NULL,  -- events.Action; key with session, call, path
    subagent  VARCHAR NOT NULL,
    ts        TIMESTAMP NOT NULL,
    succeeded BOOLEAN,           -- NULL: the call has no result (yet)
    cwd       VARCHAR,
    branch    VARCHAR,
    origin    VARCHAR NOT NULL,
    changed   BIGINT  NOT NULL
);

CREATE TABLE subagent_links (
    session        VARCHAR NOT NULL,  -- the parent's
    subagent       VARCHAR NOT NULL,  -- the parent's
    child_session  VARCHAR NOT NULL,
    child_subagent VARCHAR NOT NULL,  -- key with child_session
    call           VARCHAR,           -- NULL: known to be a child, the call is not
    kind           VARCHAR,
    description    VARCHAR,
    evidence       VARCHAR,
    ts             TIMESTAMP NOT NULL,
    origin         VARCHAR NOT NULL,
    changed        BIGINT  NOT NULL
);

CREATE TABLE responses (
    response              VARCHAR   NOT NULL,  -- key with agent
    agent                 VARCHAR   NOT NULL,
    session               VARCHAR   NOT NULL,
    subagent              VARCHAR   NOT NULL,
    ts                    TIMESTAMP NOT NULL,
    day                   DATE      NOT NULL,
    model                 VARCHAR   NOT NULL,
    speed                 VARCHAR   NOT NULL,
    input_tokens          BIGINT    NOT NULL,  -- without cache reads and writes
    output_tokens         BIGINT    NOT NULL,  -- with reasoning
    cache_write_tokens    BIGINT    NOT NULL,
    cache_write_1h_tokens BIGINT    NOT NULL,  -- of cache_write_tokens
    cache_read_tokens     BIGINT    NOT NULL,
    reasoning_tokens      BIGINT    NOT NULL,
    cost_microdollars     BIGINT,              -- NULL: the model has no known price
    cost_source           VARCHAR,             -- whose price, of which version
    cwd                   VARCHAR,
    branch                VARCHAR,
    origin                VARCHAR   NOT NULL,
    changed               BIGINT    NOT NULL
);

CREATE TABLE compactions (
    session    VARCHAR   NOT NULL,
    subagent   VARCHAR   NOT NULL,
    ts         TIMESTAMP NOT NULL,  -- key with session and subagent
    trigger    VARCHAR,             -- auto, manual
    pre_tokens BIGINT,
    origin     VARCHAR   NOT NULL,
    changed    BIGINT    NOT NULL
);

CREATE TABLE checkouts (
    cwd      VARCHAR NOT NULL,  -- key
    repo     VARCHAR NOT NULL,
    worktree VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    origin   VARCHAR NOT NULL,
    changed  BIGINT  NOT NULL
);

-- One row per view of the catalog, as last refreshed; `columns` is a JSON list of
-- {"name", "type", "unit", "description"}; `error` is NULL unless the view is broken.
CREATE TABLE catalog (
    name                     VARCHAR NOT NULL,
    axis                     VARCHAR NOT NULL,
    question                 VARCHAR NOT NULL,
    grain                    VARCHAR[] NOT NULL,
    columns                  VARCHAR NOT NULL,
    refresh_interval_seconds DOUBLE  NOT NULL,
    origin                   VARCHAR NOT NULL,  -- built-in or user
    definition               VARCHAR NOT NULL,  -- hash of the SQL; a new one means a rebuild
    refreshed_position       BIGINT  NOT NULL,
    materialized_at          TIMESTAMP,
    rows                     BIGINT  NOT NULL,
    error                    VARCHAR
);

-- Exactly one row in a published generation.
CREATE TABLE stamp (
    generation       BIGINT    NOT NULL,
    published_at     TIMESTAMP NOT NULL,
    pull             VARCHAR   NOT NULL,
    log_epoch        VARCHAR   NOT NULL,
    log_position     BIGINT    NOT NULL,
    upstream         VARCHAR   NOT NULL,
    upstream_version VARCHAR   NOT NULL,
    schema_version   INTEGER   NOT NULL,
    rows             BIGINT    NOT NULL,
    sample           BOOLEAN   NOT NULL
);
