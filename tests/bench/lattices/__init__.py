"""A store with a long history in it, made in a moment, and how long its views take."""
