-- Sessions that worked in a repository, named by its directory or the end of it.
session IN (SELECT r.session FROM repo_sessions AS r WHERE r.repo = ? OR ends_with(r.repo, '/' || ?))
