"""Git repositories as they lie on disk: read without running, fetching or writing anything."""
