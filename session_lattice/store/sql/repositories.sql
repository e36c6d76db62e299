-- Repositories that a `.git` on disk was seen of, those seen last first.
SELECT repo
FROM checkouts
WHERE evidence = 'git'
GROUP BY repo
ORDER BY max(changed) DESC, repo
