# The same verbs as bin/, for those who have just.

# Lint, types and all tests; arguments go to pytest.
test *arguments:
    bin/test {{arguments}}

# Both daemons of the dev profile; Ctrl-C ends them.
up *arguments:
    bin/session-lattice up {{arguments}}

# What docs/benchmarks.md states, measured here.
bench *arguments:
    bin/bench {{arguments}}

# Rewrite what ruff can.
format:
    .venv-dev/bin/python -m ruff check --fix .
    .venv-dev/bin/python -m ruff format .

# Pin the newest versions that pyproject.toml allows; needs pip-tools.
pins:
    {{pin}} --extra redis --constraint .constraints.txt --output-file .requirements.txt pyproject.toml
    {{pin}} --constraint .requirements.txt --extra redis --extra dev --output-file .requirements-dev.txt pyproject.toml

pin := "pip-compile --upgrade --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --quiet"

# docs/views.md, from the views' headers and the sample.
views:
    .venv-dev/bin/python -m tests.views_page > docs/views.md
