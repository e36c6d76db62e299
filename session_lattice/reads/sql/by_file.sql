-- Sessions that read or changed a file, named by its path or the end of it.
session IN (SELECT f.session FROM file_sessions AS f WHERE f.path = ? OR ends_with(f.path, '/' || ?))
