-- What repositories tell of themselves, what sessions and commits name, and what by sight of
-- lines ties the one to the other. `file` is a file's path in the main checkout: the same for
-- every worktree. `sha7` is the beginning of a hash, for what prints no more of it.

-- A person's own view may have had one of these names: its file is reported from now on.
DROP TABLE IF EXISTS commits;
DROP TABLE IF EXISTS commit_files;
DROP TABLE IF EXISTS commit_ids;
DROP TABLE IF EXISTS commit_references;
DROP TABLE IF EXISTS git_repos;
DROP TABLE IF EXISTS git_refs;
DROP TABLE IF EXISTS head_moves;
DROP TABLE IF EXISTS printed_commits;
DROP TABLE IF EXISTS session_references;
DELETE FROM catalog
WHERE name IN (
    'commits', 'commit_files', 'commit_ids', 'commit_references', 'git_repos', 'git_refs',
    'head_moves', 'printed_commits', 'session_references'
);

CREATE TABLE commits (
    repo            VARCHAR   NOT NULL,  -- key with sha: the main checkout's directory
    sha             VARCHAR   NOT NULL,
    sha7            VARCHAR   NOT NULL,
    parents         VARCHAR[] NOT NULL,
    author_name     VARCHAR   NOT NULL,
    author_email    VARCHAR   NOT NULL,
    committer_name  VARCHAR   NOT NULL,
    committer_email VARCHAR   NOT NULL,
    authored_at     TIMESTAMP NOT NULL,
    committed_at    TIMESTAMP NOT NULL,
    subject         VARCHAR   NOT NULL,
    body            VARCHAR   NOT NULL,
    trailers        STRUCT("key" VARCHAR, "value" VARCHAR)[] NOT NULL,
    by_bot          BOOLEAN   NOT NULL,  -- the author calls itself one
    merge           BOOLEAN   NOT NULL,
    files_changed   BIGINT    NOT NULL,
    additions       BIGINT    NOT NULL,
    deletions       BIGINT    NOT NULL,
    origin          VARCHAR   NOT NULL,
    changed         BIGINT    NOT NULL
);

CREATE TABLE commit_files (
    repo         VARCHAR    NOT NULL,
    sha          VARCHAR    NOT NULL,
    path         VARCHAR    NOT NULL,  -- key with repo and sha: from the repository's top
    file         VARCHAR    NOT NULL,
    former_file  VARCHAR,              -- of a rename or copy
    status       VARCHAR    NOT NULL,  -- events.ChangeStatus
    additions    BIGINT     NOT NULL,
    deletions    BIGINT     NOT NULL,
    is_binary    BOOLEAN    NOT NULL,
    lines        UINTEGER[] NOT NULL,  -- sketch of the lines added
    committed_at TIMESTAMP  NOT NULL,
    origin       VARCHAR    NOT NULL,
    changed      BIGINT     NOT NULL
);

-- Every UUID in a trailer's value: it may be a session's.
CREATE TABLE commit_ids (
    repo    VARCHAR NOT NULL,
    sha     VARCHAR NOT NULL,
    id      VARCHAR NOT NULL,  -- key with repo, sha and trailer; lower case
    trailer VARCHAR NOT NULL,
    origin  VARCHAR NOT NULL,
    changed BIGINT  NOT NULL
);

CREATE TABLE commit_references (
    repo    VARCHAR NOT NULL,
    sha     VARCHAR NOT NULL,
    host    VARCHAR NOT NULL,  -- '': the message does not say
    slug    VARCHAR NOT NULL,  -- owner/repo, lower case; '': the commit's own repository
    number  BIGINT  NOT NULL,
    kind    VARCHAR NOT NULL,  -- events.ReferenceKind; key with the others
    origin  VARCHAR NOT NULL,
    changed BIGINT  NOT NULL
);

CREATE TABLE git_repos (
    repo           VARCHAR   NOT NULL,  -- key
    head           VARCHAR,             -- branch of the main checkout, or 'detached'
    head_sha       VARCHAR,
    default_branch VARCHAR,
    remote_url     VARCHAR,
    host           VARCHAR,             -- of remote_url: github.com
    slug           VARCHAR,             -- of remote_url: owner/repo, lower case
    shallow        BOOLEAN   NOT NULL,
    bare           BOOLEAN   NOT NULL,
    observed_at    TIMESTAMP NOT NULL,
    origin         VARCHAR   NOT NULL,
    changed        BIGINT    NOT NULL
);

CREATE TABLE git_refs (
    repo    VARCHAR NOT NULL,
    ref     VARCHAR NOT NULL,  -- key with repo: refs/heads/main
    sha     VARCHAR NOT NULL,  -- '': it is gone
    origin  VARCHAR NOT NULL,
    changed BIGINT  NOT NULL
);

-- The reflogs of HEAD: what a worktree had checked out from `ts` on.
CREATE TABLE head_moves (
    repo       VARCHAR   NOT NULL,
    worktree   VARCHAR   NOT NULL,
    number     BIGINT    NOT NULL,  -- place in the worktree's reflog when it was read first
    ts         TIMESTAMP NOT NULL,
    sha        VARCHAR   NOT NULL,
    former_sha VARCHAR   NOT NULL,  -- key with worktree, ts and sha
    action     VARCHAR   NOT NULL,
    branch     VARCHAR,
    origin     VARCHAR   NOT NULL,
    changed    BIGINT    NOT NULL
);

-- "[main abc1234] subject" in the output of a call: git says so when it has committed.
CREATE TABLE printed_commits (
    session  VARCHAR   NOT NULL,
    call     VARCHAR   NOT NULL,
    subagent VARCHAR   NOT NULL,
    sha7     VARCHAR   NOT NULL,
    sha      VARCHAR   NOT NULL,  -- as printed; key with session and call
    branch   VARCHAR   NOT NULL,  -- as printed
    ts       TIMESTAMP NOT NULL,
    cwd      VARCHAR,
    origin   VARCHAR   NOT NULL,
    changed  BIGINT    NOT NULL
);

CREATE TABLE session_references (
    session  VARCHAR   NOT NULL,
    subagent VARCHAR   NOT NULL,
    host     VARCHAR   NOT NULL,  -- '': the text does not say
    slug     VARCHAR   NOT NULL,  -- owner/repo, lower case
    number   BIGINT    NOT NULL,
    kind     VARCHAR   NOT NULL,  -- events.ReferenceKind
    evidence VARCHAR   NOT NULL,  -- pr_link, url, mention
    call     VARCHAR   NOT NULL,  -- '': not in a call
    message  VARCHAR   NOT NULL,  -- '': not in a message; key with all before
    ts       TIMESTAMP NOT NULL,
    cwd      VARCHAR,
    branch   VARCHAR,
    origin   VARCHAR   NOT NULL,
    changed  BIGINT    NOT NULL
);

ALTER TABLE file_touches ADD COLUMN dir VARCHAR;         -- the path's directory
ALTER TABLE file_touches ADD COLUMN added UINTEGER[];    -- sketch of the lines written
ALTER TABLE file_touches ADD COLUMN removed UINTEGER[];  -- sketch of the lines taken away
UPDATE file_touches
SET
    dir = coalesce(
        nullif(parse_dirpath(path, 'both_slash'), ''), if(starts_with(path, '/'), '/', '')
    ),
    added = [],
    removed = [];

-- Parts of cost_microdollars; NULL too for what was priced before there were these columns.
ALTER TABLE responses ADD COLUMN cache_read_cost_microdollars BIGINT;
ALTER TABLE responses ADD COLUMN cache_write_cost_microdollars BIGINT;

-- Refreshes are numbered, because one may come without anything new in the log: what a view took
-- away or put in is kept in `deltas` for the views that read it, with the number of the pass.
ALTER TABLE catalog ADD COLUMN refreshed_pass BIGINT DEFAULT 0;
ALTER TABLE catalog ADD COLUMN reads VARCHAR[] DEFAULT [];      -- base tables and views
ALTER TABLE catalog ADD COLUMN duration_ms BIGINT DEFAULT 0;  -- of the last refresh with any work
ALTER TABLE catalog ADD COLUMN costly BOOLEAN DEFAULT false;  -- made more seldom for that
CREATE SCHEMA deltas;
