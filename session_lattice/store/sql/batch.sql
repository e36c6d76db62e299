-- The batch under way: one row per event, all fields of all types side by side. They are
-- columns, not members of a struct, so that a step reads those that it names and no others.
CREATE OR REPLACE TEMP TABLE batch AS
SELECT
    * REPLACE (
        agent || '/' || session AS session,
        coalesce(subagent, '') AS subagent,
        make_timestamp(ts) AS ts
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
        files: 'STRUCT(path VARCHAR, action VARCHAR)[]', ok: 'BOOLEAN', denied: 'BOOLEAN',
        exit_code: 'BIGINT', duration_ms: 'BIGINT', output: 'VARCHAR', output_bytes: 'BIGINT',
        trigger: 'VARCHAR', pre_tokens: 'BIGINT', child_session: 'VARCHAR',
        child_subagent: 'VARCHAR', description: 'VARCHAR', evidence: 'VARCHAR', repo: 'VARCHAR',
        worktree: 'VARCHAR'
    }
)
