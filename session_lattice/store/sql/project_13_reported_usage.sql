-- of: session.reported
-- The tokens that the latest report claims, under the model that it names. Models of reports
-- before it stay with zeros. Runs after the reports: they tell the day.
MERGE INTO reported_usage AS u
USING (
    WITH told AS (
        SELECT
            *,
            list_distinct(coalesce(models, [])) AS named_models,
            CASE len(named_models)
                WHEN 0 THEN 'unknown'
                WHEN 1 THEN named_models[1]
                ELSE 'several models'
            END AS one_model
        FROM batch
        WHERE type = 'session.reported'
    ),
    latest AS (
        SELECT * FROM told
        QUALIFY row_number() OVER (PARTITION BY session ORDER BY position DESC) = 1
    ),
    named AS (
        SELECT session, one_model FROM told
        UNION
        SELECT session, model FROM reported_usage WHERE session IN (SELECT session FROM latest)
    )
    SELECT
        n.session,
        l.agent,
        n.one_model AS model,
        r.day,
        if(n.one_model = l.one_model, coalesce(l.input_tokens, 0), 0) AS input_tokens,
        if(n.one_model = l.one_model, coalesce(l.output_tokens, 0), 0) AS output_tokens,
        if(n.one_model = l.one_model, coalesce(l.cache_write_tokens, 0), 0) AS cache_write_tokens,
        if(n.one_model = l.one_model, coalesce(l.cache_read_tokens, 0), 0) AS cache_read_tokens,
        l.origin,
        l.position AS changed
    FROM named AS n
    JOIN latest AS l ON l.session = n.session
    JOIN reports AS r ON r.session = n.session
) AS b
ON u.session = b.session AND u.model = b.model
WHEN MATCHED THEN UPDATE SET
    input_tokens = b.input_tokens,
    output_tokens = b.output_tokens,
    cache_write_tokens = b.cache_write_tokens,
    cache_read_tokens = b.cache_read_tokens,
    origin = b.origin,
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
