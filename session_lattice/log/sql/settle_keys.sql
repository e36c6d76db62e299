-- Ordered, so that each page of the large table is written once.
INSERT INTO keys SELECT hash FROM recent_keys ORDER BY hash
