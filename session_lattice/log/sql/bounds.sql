-- Epoch, oldest position kept and newest given out.
SELECT epoch, (SELECT min(position) FROM events), position, 0 FROM meta
