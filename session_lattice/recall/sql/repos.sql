-- Repositories that sessions worked in, and how many did; the most used come first.
SELECT repo, count(*) AS sessions
FROM repo_sessions
WHERE repo IN (SELECT repo FROM checkouts WHERE evidence IN ('git', 'layout'))
GROUP BY repo
ORDER BY sessions DESC, repo
LIMIT $limit
