-- The batch under way: one row per event, all fields of all types side by side. They are
-- columns, not members of a struct, so that a step reads those that it names and no others.
-- Types share names, such as `path` and `cwd`: every step says whose it takes.
CREATE OR REPLACE TEMP TABLE batch AS
SELECT
    * REPLACE (
        agent || '/' || session AS session,
        coalesce(subagent, '') AS subagent,
        make_timestamp(ts) AS ts,
        make_timestamp(started_at) AS started_at,
        make_timestamp(ended_at) AS ended_at,
        make_timestamp(deployed_at) AS deployed_at,
        make_timestamp(authored_at) AS authored_at,
        make_timestamp(committed_at) AS committed_at
    ),
    session AS id
FROM read_json(
    $path,
    format = 'newline_delimited',
    maximum_object_size = 4194304,
    columns = {
        position: 'BIGINT', ts: 'BIGINT', origin: 'VARCHAR',
        "type": 'VARCHAR', agent: 'VARCHAR', session: 'VARCHAR', subagent: 'VARCHAR',
        cwd: 'VARCHAR', branch: 'VARCHAR', path: 'VARCHAR', title: 'VARCHAR',
        title_rank: 'INTEGER', version: 'VARCHAR', entrypoint: 'VARCHAR',
        parent_session: 'VARCHAR', forked_from: 'VARCHAR', repository_url: 'VARCHAR',
        sample: 'BOOLEAN', state: 'VARCHAR', message: 'VARCHAR', kind: 'VARCHAR',
        "text": 'VARCHAR', text_bytes: 'BIGINT', model: 'VARCHAR', response: 'VARCHAR',
        speed: 'VARCHAR', input_tokens: 'BIGINT', output_tokens: 'BIGINT',
        cache_write_tokens: 'BIGINT', cache_write_1h_tokens: 'BIGINT',
        cache_read_tokens: 'BIGINT', reasoning_tokens: 'BIGINT', call: 'VARCHAR',
        name: 'VARCHAR', input: 'VARCHAR', input_bytes: 'BIGINT',
        
        files: 'STRUCT(path VARCHAR, action VARCHAR, added UINTEGER[], removed UINTEGER[])[]', ok: 'BOOLEAN', denied: 'BOOLEAN',
        exit_code: 'BIGINT', duration_ms: 'BIGINT', output: 'VARCHAR', output_bytes: 'BIGINT',
        trigger: 'VARCHAR', pre_tokens: 'BIGINT', child_session: 'VARCHAR',
        child_subagent: 'VARCHAR', description: 'VARCHAR', evidence: 'VARCHAR', repo: 'VARCHAR',
        worktree: 'VARCHAR', upstream: 'VARCHAR', started_at: 'BIGINT', ended_at: 'BIGINT',
        messages: 'BIGINT', user_messages: 'BIGINT', assistant_messages: 'BIGINT',
        sidechain_messages: 'BIGINT', last_prompt: 'VARCHAR', models: 'VARCHAR[]',
        tools_used: 'VARCHAR[]',
        tool_counts: 'STRUCT("name" VARCHAR, calls BIGINT, errors BIGINT)[]',
        stop_counts: 'STRUCT(reason VARCHAR, "count" BIGINT)[]',
        repos: 'STRUCT(repo VARCHAR, "name" VARCHAR)[]',
        parent_uuid: 'VARCHAR', request_id: 'VARCHAR', message_id: 'VARCHAR',
        remote_url: 'VARCHAR', default_branch: 'VARCHAR', head: 'VARCHAR',
        in_progress: 'VARCHAR', commits_30d: 'BIGINT', changed_lines_30d: 'BIGINT',
        authors_30d: 'BIGINT', untracked_files: 'BIGINT', modified_files: 'BIGINT',
        commits_ahead: 'BIGINT', commits_behind: 'BIGINT', stashes: 'BIGINT',
        stale_branches: 'VARCHAR[]', open_prs: 'BIGINT', draft_prs: 'BIGINT',
        open_issues: 'BIGINT', prs_awaiting_my_review: 'BIGINT',
        prs_mine_awaiting_review: 'BIGINT', prs_mine_no_reviewer: 'BIGINT',
        my_draft_prs: 'BIGINT', issues_assigned_to_me: 'BIGINT', deploy_workflow: 'VARCHAR',
        deploy_status: 'VARCHAR', deployed_at: 'BIGINT',
        "number": 'BIGINT', slug: 'VARCHAR', host: 'VARCHAR', sha: 'VARCHAR',
        former_sha: 'VARCHAR', head_sha: 'VARCHAR', "action": 'VARCHAR', shallow: 'BOOLEAN',
        bare: 'BOOLEAN', refs: 'STRUCT("name" VARCHAR, sha VARCHAR)[]', parents: 'VARCHAR[]',
        author_name: 'VARCHAR', author_email: 'VARCHAR', committer_name: 'VARCHAR',
        committer_email: 'VARCHAR', authored_at: 'BIGINT', committed_at: 'BIGINT',
        subject: 'VARCHAR', body: 'VARCHAR',
        trailers: 'STRUCT("key" VARCHAR, "value" VARCHAR)[]',
        "references": 'STRUCT("number" BIGINT, slug VARCHAR, host VARCHAR, kind VARCHAR)[]',
        files_changed: 'BIGINT', additions: 'BIGINT', deletions: 'BIGINT',
        changes: 'STRUCT(path VARCHAR, status VARCHAR, former_path VARCHAR, additions BIGINT,
            deletions BIGINT, "binary" BOOLEAN, lines UINTEGER[])[]'
    }
)
