-- Programs and the kind of work that they are for. Those of the kind `task` start whatever they are
-- told to: what that is for is read from their subcommand (kind_of_task).
CREATE OR REPLACE TEMP TABLE known_programs AS
SELECT unnest(programs) AS program, family
FROM (VALUES
    ('git', [
        'git', 'git-lfs', 'tig', 'jj', 'hg', 'svn'
    ]),
    ('forge', [
        'gh', 'glab', 'tea', 'hub'
    ]),
    ('test', [
        'pytest', 'py.test', 'unittest', 'jest', 'vitest', 'mocha', 'ava', 'tox', 'nox', 'phpunit',
        'pest', 'rspec', 'minitest', 'ctest', 'gotestsum', 'playwright', 'cypress', 'karma', 'bats',
        'behave', 'coverage', 'k6', 'pytest-3', 'testem', 'hyperfine'
    ]),
    ('lint', [
        'ruff', 'black', 'isort', 'flake8', 'pylint', 'mypy', 'dmypy', 'pyright', 'basedpyright',
        'ty', 'eslint', 'prettier', 'biome', 'stylelint', 'oxlint', 'xo', 'standard', 'golangci-lint',
        'gofmt', 'gofumpt', 'goimports', 'staticcheck', 'shellcheck', 'shfmt', 'rubocop',
        'clang-format', 'clang-tidy', 'rustfmt', 'markdownlint', 'markdownlint-cli2', 'hadolint',
        'yamllint', 'actionlint', 'pre-commit', 'vulture', 'bandit', 'semgrep', 'codespell', 'ktlint',
        'swiftlint', 'swiftformat', 'phpstan', 'psalm', 'phpcs', 'knip', 'vale', 'typos', 'sqlfluff',
        'vue-tsc', 'svelte-check', 'tflint', 'lefthook', 'lint-staged', 'credo', 'dialyzer'
    ]),
    ('build', [
        'cmake', 'ninja', 'meson', 'gcc', 'g++', 'clang', 'clang++', 'cc', 'ld', 'rustc', 'javac',
        'kotlinc', 'tsup', 'esbuild', 'rollup', 'webpack', 'vite', 'next', 'astro', 'nuxt', 'parcel',
        'swc', 'babel', 'buck2', 'ant', 'msbuild', 'xcodebuild', 'goreleaser', 'protoc', 'buf',
        'sphinx-build', 'mkdocs', 'hugo', 'jekyll', 'pandoc', 'pdflatex', 'latexmk', 'configure',
        'autoreconf', 'tailwindcss', 'pyinstaller', 'wasm-pack', 'expo', 'electron-builder',
        'storybook', 'changeset', 'maturin', 'tsc'
    ]),
    ('package', [
        'create-next-app', 'create-react-app', 'create-vite', 'create-expo-app', 'pip', 'pip3', 'pipx', 'conda', 'mamba', 'brew', 'apt', 'apt-get', 'apt-cache', 'dpkg', 'dnf',
        'yum', 'apk', 'pacman', 'gem', 'nvm', 'fnm', 'pyenv', 'rbenv', 'rustup', 'asdf', 'volta',
        'corepack', 'choco', 'winget', 'scoop', 'nix', 'nix-shell', 'nix-env', 'flatpak', 'snap',
        'port', 'virtualenv', 'venv', 'pip-compile', 'npm-check-updates', 'ncu', 'pod', 'twine',
        'ensurepip'
    ]),
    ('task', [
        'npm', 'pnpm', 'yarn', 'bun', 'deno', 'mise', 'rtx', 'just', 'task', 'make', 'gmake', 'rake',
        'cargo', 'go', 'dotnet', 'gradle', 'gradlew', 'gradlew.bat', 'mvn', 'mvnw', 'nx', 'turbo',
        'lerna', 'moon', 'mix', 'sbt', 'swift', 'zig', 'bazel', 'bazelisk', 'flutter', 'dart',
        'rails', 'artisan', 'composer', 'uv', 'poetry', 'pdm', 'hatch', 'ng', 'stack', 'cabal',
        'tuist', 'bundle'
    ]),
    ('read', [
        'ls', 'll', 'head', 'tail', 'less', 'more', 'nl', 'wc', 'tree', 'stat', 'file', 'du', 'df',
        'bat', 'jq', 'xxd', 'hexdump', 'od', 'strings', 'diff', 'cmp', 'comm', 'cut', 'sort', 'uniq',
        'column', 'paste', 'readlink', 'realpath', 'basename', 'dirname', 'md5sum', 'sha256sum',
        'shasum', 'md5', 'pdftotext', 'exiftool', 'identify', 'eza', 'exa', 'Get-Content',
        'Get-ChildItem', 'Get-Item', 'Test-Path', 'dir', 'type', 'sed', 'gsed', 'awk', 'gawk', 'yq',
        'cat'
    ]),
    ('search', [
        'rg', 'grep', 'egrep', 'fgrep', 'ag', 'ack', 'ast-grep', 'sg', 'find', 'fd', 'fdfind',
        'locate', 'mdfind', 'fzf', 'which', 'whereis', 'Select-String', 'zgrep', 'pdfgrep'
    ]),
    ('edit', [
        'apply_patch', 'applypatch', 'patch', 'tee', 'vi', 'vim', 'nvim', 'nano', 'ed', 'truncate',
        'Set-Content', 'Add-Content', 'Out-File'
    ]),
    ('files', [
        'rm', 'mkdir', 'cp', 'mv', 'ln', 'chmod', 'chown', 'touch', 'rmdir', 'rsync', 'tar', 'zip',
        'unzip', 'gzip', 'gunzip', 'zstd', 'xz', 'mktemp', 'trash', 'dd', 'install', 'Remove-Item',
        'Copy-Item', 'Move-Item', 'New-Item', 'split', 'convert', 'magick'
    ]),
    ('network', [
        'curl', 'wget', 'http', 'https', 'ping', 'dig', 'nslookup', 'host', 'ssh', 'scp', 'sftp',
        'ssh-keygen', 'ssh-add', 'nc', 'telnet', 'ip', 'ifconfig', 'netstat', 'ss', 'openssl',
        'traceroute', 'ngrok', 'cloudflared', 'grpcurl', 'websocat', 'http.server', 'tailscale',
        'Invoke-WebRequest', 'Invoke-RestMethod', 'lynx', 'w3m', 'yt-dlp'
    ]),
    ('container', [
        'docker', 'docker-compose', 'podman', 'kubectl', 'k9s', 'helm', 'kind', 'minikube', 'k3d',
        'colima', 'nerdctl', 'buildah', 'skopeo', 'kustomize', 'vagrant', 'orb', 'limactl',
        'devcontainer'
    ]),
    ('cloud', [
        'aws', 'gcloud', 'gsutil', 'az', 'terraform', 'tofu', 'terragrunt', 'pulumi', 'ansible',
        'ansible-playbook', 'vercel', 'netlify', 'wrangler', 'fly', 'flyctl', 'heroku', 'doctl',
        'railway', 'firebase', 'cdk', 'sst', 'serverless', 'modal', 'op', 'vault', 'eas', 'packer'
    ]),
    ('database', [
        'psql', 'mysql', 'mariadb', 'sqlite3', 'duckdb', 'redis-cli', 'mongosh', 'mongo', 'pg_dump',
        'pg_restore', 'pg_isready', 'createdb', 'dropdb', 'initdb', 'pg_ctl', 'mysqldump', 'prisma',
        'drizzle-kit', 'alembic', 'clickhouse', 'clickhouse-client', 'bq', 'supabase', 'dbt',
        'sqlite-utils', 'typeorm', 'sequelize', 'knex', 'flyway', 'liquibase', 'valkey-cli'
    ]),
    ('python', [
        'ipython', 'jupyter', 'py', 'uvicorn', 'gunicorn', 'flask', 'django-admin', 'streamlit',
        'celery', 'py_compile', 'json.tool', 'compileall', 'cProfile', 'timeit', 'fastapi', 'scrapy',
        'python', 'python2', 'python3', 'pypy', 'pypy3', 'python3.8', 'python3.9', 'python3.10',
        'python3.11', 'python3.12', 'python3.13', 'python3.14', 'python3.15'
    ]),
    ('node', [
        'node', 'nodejs', 'ts-node', 'tsx', 'nodemon', 'electron', 'esno', 'jiti', 'react-scripts',
        'concurrently', 'pm2', 'ts-node-dev'
    ]),
    ('runtime', [
        'ruby', 'irb', 'php', 'java', 'kotlin', 'scala', 'Rscript', 'R', 'lua', 'luajit', 'julia',
        'elixir', 'iex', 'erl', 'ghc', 'ghci', 'runghc', 'osascript', 'ocaml', 'racket', 'clojure',
        'clj', 'swipl', 'wasmtime', 'gdb', 'lldb', 'valgrind', 'strace', 'perf', 'dtruss', 'xcrun',
        'adb', 'simctl', 'perl'
    ]),
    ('process', [
        'ps', 'kill', 'pkill', 'killall', 'pgrep', 'top', 'htop', 'lsof', 'fuser', 'systemctl',
        'service', 'launchctl', 'journalctl', 'jobs', 'fg', 'bg', 'tmux', 'screen', 'zellij',
        'supervisorctl', 'crontab', 'watch', 'disown', 'pstree', 'free', 'vmstat', 'iostat', 'uptime',
        'dmesg', 'script', 'expect', 'Get-Process', 'Stop-Process', 'Start-Process', 'open',
        'xdg-open', 'say', 'pbcopy', 'pbpaste'
    ]),
    ('agent', [
        'claude', 'codex', 'gemini', 'aider', 'opencode', 'cursor-agent', 'copilot', 'amp', 'goose',
        'crush', 'qwen', 'workmux', 'entire', 'agent-browser', 'bd', 'br', 'beads', 'specify',
        'openspec', 'session-lattice', 'ccusage', 'claude-flow', 'mcp', 'mcp-inspector', 'backlog',
        'ollama', 'llm'
    ]),
    ('shell', [
        'cd', 'echo', 'printf', 'true', 'false', ':', 'test', '[', '[[', 'pwd', 'export', 'set',
        'unset', 'source', '.', 'sleep', 'wait', 'exit', 'read', 'date', 'env', 'printenv', 'eval',
        'bash', 'sh', 'zsh', 'fish', 'dash', 'alias', 'history', 'hash', 'ulimit', 'umask', 'trap',
        'shopt', 'declare', 'local', 'return', 'break', 'continue', 'pushd', 'popd', 'yes', 'seq',
        'tr', 'rev', 'hostname', 'whoami', 'id', 'uname', 'clear', 'let', 'expr', 'bc', 'shift',
        'typeset', 'sw_vers', 'arch', 'nproc', 'sysctl', 'locale', 'man', 'tput', 'stty', 'su',
        'direnv', 'setopt', 'autoload', 'Write-Output', 'Write-Host', 'Set-Location', 'Get-Location',
        'Get-Command', 'pwsh', 'powershell', 'cmd', 'groups', 'mount', 'umount', 'base64', 'envsubst',
        'getconf', 'ldd', 'nm', 'otool', 'xattr'
    ])
) AS of_family(family, programs);
