-- In which repositories these sessions worked: directories with a `.git` or with its layout.
SELECT session, list(repo ORDER BY repo)
FROM repo_sessions
WHERE session IN (SELECT unnest($sessions))
    AND repo IN (SELECT repo FROM checkouts WHERE evidence IN ('git', 'layout'))
GROUP BY session
