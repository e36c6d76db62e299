-- Sessions whose title has a text, whatever the case.
contains(lower(title), lower(?))
