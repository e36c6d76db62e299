"""Full-text search: an index of what was said, run and went wrong, in a file of its own."""
