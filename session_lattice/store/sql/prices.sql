-- Unit prices in picodollars per token, for the models and days met since the store was opened.
-- A response whose input, cache included, is above `above_input_tokens` costs these rates whole;
-- of several the highest threshold counts.
CREATE OR REPLACE TEMP TABLE prices (
    model              VARCHAR NOT NULL,
    day                DATE    NOT NULL,
    fast               BOOLEAN NOT NULL,
    above_input_tokens BIGINT  NOT NULL,
    input              HUGEINT NOT NULL,
    output             HUGEINT NOT NULL,
    cache_read         HUGEINT NOT NULL,
    cache_write        HUGEINT NOT NULL,
    cache_write_1h     HUGEINT NOT NULL,
    provenance         VARCHAR NOT NULL
)
