-- Sessions that began or worked on a branch.
branch = ? OR session IN (SELECT r.session FROM repo_sessions AS r WHERE list_contains(r.branches, ?))
