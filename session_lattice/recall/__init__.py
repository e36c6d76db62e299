"""A recall service of our own: this machine's sessions and repositories, as one scan found them.

A puller of its own reads the transcripts into a home below the settings' home. Each scan makes
documents of that home's newest generation and of the repositories on disk; what is answered is
those documents, unchanged until a scan finds other content.
"""
