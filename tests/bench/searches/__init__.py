"""The pieces of the bench of search."""
