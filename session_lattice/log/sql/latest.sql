-- Last position of the streams from :low up to :high; :terminal asks for an end.
SELECT max(CASE WHEN :terminal THEN ended ELSE position END)
FROM streams
WHERE name >= :low AND name < :high
