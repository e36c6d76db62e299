-- One statement for all rows: DuckDB takes about a millisecond for each row of executemany.
INSERT INTO prices BY NAME
SELECT unnest(
    from_json(
        $rows,
        '[{
            "model": "VARCHAR", "day": "DATE", "fast": "BOOLEAN", "above_input_tokens": "BIGINT",
            "input": "HUGEINT", "output": "HUGEINT", "cache_read": "HUGEINT",
            "cache_write": "HUGEINT", "cache_write_1h": "HUGEINT", "provenance": "VARCHAR"
        }]'
    ),
    recursive := true
)
