-- Directories in a repository, which is named by its directory or the end of it.
SELECT cwd FROM checkouts WHERE repo = ? OR ends_with(repo, '/' || ?) ORDER BY cwd LIMIT ?
