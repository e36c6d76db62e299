-- What a shell command runs.

-- Whether a tool runs shell commands.
CREATE OR REPLACE TEMP MACRO runs_commands(tool) AS tool IN (
    'Bash', 'shell', 'shell_command', 'exec_command', 'local_shell', 'unified_exec',
    'container.exec', 'PowerShell'
);

-- Text between the quotes of a JSON string, as it was before it was quoted.
CREATE OR REPLACE TEMP MACRO unquoted(piece) AS replace(replace(replace(replace(replace(
    replace(piece, '\\', chr(1)), '\n', chr(10)), '\t', chr(9)), '\r', ''), '\"', '"'),
    chr(1), '\'
);

-- The value of the first of some JSON fields in an input, which may be cut off anywhere.
CREATE OR REPLACE TEMP MACRO field_of(input, names) AS unquoted(
    regexp_extract(input, '"(?:' || names || ')"\s*:\s*"((?:[^"\\]|\\.)*)', 1)
);

-- The shell command in a call's input: {"command": "..."}, {"cmd": "..."}, a list such as
-- {"command": ["bash", "-lc", "..."]} or {"command": ["git", "status"]}, or the bare text.
CREATE OR REPLACE TEMP MACRO command_of(input) AS CASE
    WHEN NOT starts_with(input, '{') THEN input
    WHEN regexp_matches(input, '"(command|cmd)"\s*:\s*\[') THEN unquoted(
        regexp_replace(
            regexp_replace(
                regexp_extract(input, '"(?:command|cmd)"\s*:\s*\[\s*"((?:[^"\\]|\\.|"\s*,\s*")*)', 1),
                '^(/\w+/)*(bash|sh|zsh|powershell(\.exe)?|pwsh)"\s*,\s*"-\w+"\s*,\s*"', ''
            ),
            '"\s*,\s*"', ' ', 'g'
        )
    )
    ELSE field_of(input, 'command|cmd')
END;

-- What a call is about, in a line of at most 200 characters: its command, else the file,
-- pattern, query or address that it names first, else its description; '' where it has none.
CREATE OR REPLACE TEMP MACRO subject_of(tool, input) AS left(trim(regexp_replace(
    coalesce(
        CASE
            WHEN runs_commands(tool) THEN command_of(input)
            WHEN starts_with(input, '{') THEN field_of(
                input,
                'file_path|notebook_path|path|pattern|query|url|skill|description|libraryName|title|id'
            )
            ELSE regexp_extract(input, '(?m)^\*\*\* (?:Add|Update|Delete) File: (.*)$', 1)
        END,
        ''
    ),
    '\s+', ' ', 'g'
)), 200);

-- Whether a tool only asks how far a process is that runs already.
CREATE OR REPLACE TEMP MACRO polls(tool) AS tool IN (
    'write_stdin', 'wait', 'BashOutput', 'TaskOutput', 'AgentOutputTool'
);

-- The simple commands of a shell command, in its order, each beginning with its program. Left out:
-- what is quoted ('_' stands for it), here-documents, comments, what a pipe leads to, redirections,
-- assignments, and words that only start another program (sudo, time, npx, uv run ...).
CREATE OR REPLACE TEMP MACRO commands_in(command) AS list_filter(list_transform(
    regexp_split_to_array(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            regexp_replace(regexp_replace(
            replace(replace(left(command, 4000), '<<<', ' '), '\' || chr(10), ' '),
            '(?s)\*\*\* Begin Patch.*?(\*\*\* End Patch|$)', '_', 'g'),
            '(?s)<<-?\s*[''"\\]?[A-Za-z_]\w*[''"]?([^\n]*)\n.*?\n\s*[A-Z][A-Z_0-9]*[ \t]*(\n|$)', '\1' || chr(10), 'g'),
            '(?s)<<-?\s*[''"\\]?[A-Za-z_]\w*[''"]?([^\n]*)\n.*$', '\1'),
            '(^|\n|\s)#[^\n]*', '\1', 'g'),
            '(?s)\\.|''[^'']*(''|$)|"(?:[^"\\]|\\.)*("|$)', '_', 'g'),
            '\$\([^()]*\)|`[^`]*`', '_', 'g'),
            '[0-9&]?>+&?\s*[^\s;|&)]*|<\s*[^\s;|&)]+', ' ', 'g'),
            '\|\|', ';', 'g'),
        '(?:\|[^;&\n]*)?(?:&&?|;|\n|$)'
    ),
    lambda piece: regexp_replace(trim(piece, E' \t\r(){}'),
        '^(?:[({!]\s*|\w+=\S*\s+|(?:sudo|time|command|exec|nohup|env|builtin|then|do|else|elif|if|while'
        || '|until|timeout(?:\s+-\S+)*\s+\S+|xargs|nice(?:\s+-n\s+\S+)?|npx|bunx|uvx|pnpx'
        || '|(?:npm|pnpm|yarn|bun)\s+(?:exec|dlx|x)|(?:uv|poetry|pipenv|pdm|hatch|rye)\s+run|bundle\s+exec'
        || '|(?:mise|rtx)\s+(?:exec|x)|python[\d.]*\s+-m)\s+(?:--?\S*\s+)*)+', '')
), lambda piece: NOT regexp_matches(piece, '^(\w+=\S*|_|done|fi|esac|in|(for|case|function)\s.*)?$'));

-- The name of a simple command's program, without its directory.
CREATE OR REPLACE TEMP MACRO program_of(piece) AS regexp_replace(
    regexp_extract(piece, '^\S+'), '^.*[/\\]|\.exe$', '', 'g'
);

-- The first word after the program that is no option, nor a runner's `run`: git's `commit`, npm's
-- `test`; '' for none.
CREATE OR REPLACE TEMP MACRO subcommand_of(piece) AS regexp_extract(
    piece,
    '^\S+(?:\s+(?:run|run-script|-[CcF]\s+\S+|--?(?:cwd|dir|prefix|filter|directory)\s+\S+|-\S+))*\s+(\w[\w:.-]*)',
    1
);

-- What kind of work the subcommand of a runner, package manager or compiler is.
CREATE OR REPLACE TEMP MACRO kind_of_task(program, task) AS CASE
    WHEN regexp_matches(
        task,
        '^(install|i|ci|add|remove|rm|uninstall|update|upgrade|up|outdated|audit|get|mod|tidy|lock|sync'
        || '|pack|publish|view|info|ls|list|init|create|link|unlink|why|dedupe|deps|restore|fetch|vendor'
        || '|tree|search|config|cache|use|trust|which|pip|venv|python|tool|version|login|whoami|show|require'
        || '|pub|export|setup|bootstrap)$'
    ) THEN 'package'
    WHEN regexp_matches(task, '(^|[:._-])(e2e|tests?|spec|specs|vitest|jest|pytest|coverage|cov|cover|nextest|bench|benchmark|verify|unit|integration)([:._-]|$)|^test')
        THEN 'test'
    WHEN regexp_matches(task, '(^|[:._-])(lint|fmt|format|check|clippy|vet|type-?checks?|types|tsc|prettier|eslint|fix|style|analyze|ruff|mypy|validate|fmt-check)([:._-]|$)')
        THEN 'lint'
    WHEN regexp_matches(task, '(^|[:._-])(build|compile|bundle|dist|assemble|package|generate|gen|codegen|release|clean|all|doc|docs|tsup|vite|webpack|archive|prebuild)([:._-]|$)')
        THEN 'build'
    WHEN program IN ('make', 'gmake', 'gradle', 'gradlew', 'mvn', 'mvnw', 'bazel', 'bazelisk', 'just', 'task', 'rake', 'mise', 'nx', 'turbo')
        THEN if(task = '' AND program <> 'mise', 'build', 'task')
    WHEN program IN ('uv', 'poetry', 'pdm', 'composer', 'bundle') THEN 'package'
    WHEN program IN ('npm', 'pnpm', 'yarn', 'bun', 'deno', 'ng', 'lerna') THEN 'node'
    ELSE 'runtime'
END;

-- What kind of work a simple command is: git, test, build ...; 'other' for programs not known.
CREATE OR REPLACE TEMP MACRO family_of(program, piece) AS CASE
    WHEN program IN ('git', 'git-lfs', 'tig', 'jj', 'hg', 'svn') THEN 'git'
    WHEN program IN ('gh', 'glab', 'tea', 'hub') THEN 'forge'
    WHEN program IN (
        'apply_patch', 'applypatch', 'patch', 'tee', 'vi', 'vim', 'nvim', 'nano', 'ed', 'truncate',
        'Set-Content', 'Add-Content', 'Out-File'
    ) THEN 'edit'
    WHEN program IN ('sed', 'gsed', 'perl', 'awk', 'gawk', 'yq') THEN CASE
        WHEN regexp_matches(piece, '\s-\w*i|--in-place') THEN 'edit'
        WHEN program = 'perl' THEN 'runtime'
        ELSE 'read'
    END
    -- Nothing but `cat` is left of one that writes a here-document to a file.
    WHEN program = 'cat' THEN if(piece = 'cat', 'edit', 'read')
    WHEN program IN (
        'ls', 'll', 'head', 'tail', 'less', 'more', 'nl', 'wc', 'tree', 'stat', 'file', 'du', 'df',
        'bat', 'jq', 'xxd', 'hexdump', 'od', 'strings', 'diff', 'cmp', 'comm', 'cut', 'sort', 'uniq',
        'column', 'paste', 'readlink', 'realpath', 'basename', 'dirname', 'md5sum', 'sha256sum',
        'shasum', 'md5', 'pdftotext', 'exiftool', 'identify', 'eza', 'exa', 'Get-Content',
        'Get-ChildItem', 'Get-Item', 'Test-Path', 'dir', 'type'
    ) THEN 'read'
    WHEN program IN (
        'rg', 'grep', 'egrep', 'fgrep', 'ag', 'ack', 'ast-grep', 'sg', 'find', 'fd', 'fdfind', 'locate',
        'mdfind', 'fzf', 'which', 'whereis', 'Select-String', 'zgrep', 'pdfgrep'
    ) THEN 'search'
    WHEN program IN (
        'rm', 'mkdir', 'cp', 'mv', 'ln', 'chmod', 'chown', 'touch', 'rmdir', 'rsync', 'tar', 'zip',
        'unzip', 'gzip', 'gunzip', 'zstd', 'xz', 'mktemp', 'trash', 'dd', 'install', 'Remove-Item',
        'Copy-Item', 'Move-Item', 'New-Item', 'split', 'convert', 'magick'
    ) THEN 'files'
    WHEN program IN (
        'pytest', 'py.test', 'unittest', 'jest', 'vitest', 'mocha', 'ava', 'tox', 'nox', 'phpunit',
        'pest', 'rspec', 'minitest', 'ctest', 'gotestsum', 'playwright', 'cypress', 'karma', 'bats',
        'behave', 'coverage', 'k6', 'pytest-3', 'testem', 'hyperfine'
    ) THEN 'test'
    WHEN program IN (
        'ruff', 'black', 'isort', 'flake8', 'pylint', 'mypy', 'dmypy', 'pyright', 'basedpyright', 'ty',
        'eslint', 'prettier', 'biome', 'stylelint', 'oxlint', 'xo', 'standard', 'golangci-lint',
        'gofmt', 'gofumpt', 'goimports', 'staticcheck', 'shellcheck', 'shfmt', 'rubocop',
        'clang-format', 'clang-tidy', 'rustfmt', 'markdownlint', 'markdownlint-cli2', 'hadolint',
        'yamllint', 'actionlint', 'pre-commit', 'vulture', 'bandit', 'semgrep', 'codespell', 'ktlint',
        'swiftlint', 'swiftformat', 'phpstan', 'psalm', 'phpcs', 'knip', 'vale', 'typos', 'sqlfluff',
        'vue-tsc', 'svelte-check', 'tflint', 'lefthook', 'lint-staged', 'credo', 'dialyzer'
    ) THEN 'lint'
    WHEN program = 'tsc' THEN if(contains(piece, 'noEmit'), 'lint', 'build')
    WHEN program IN (
        'npm', 'pnpm', 'yarn', 'bun', 'deno', 'mise', 'rtx', 'just', 'task', 'make', 'gmake', 'rake',
        'cargo', 'go', 'dotnet', 'gradle', 'gradlew', 'gradlew.bat', 'mvn', 'mvnw', 'nx', 'turbo',
        'lerna', 'moon', 'mix', 'sbt', 'swift', 'zig', 'bazel', 'bazelisk', 'flutter', 'dart', 'rails',
        'artisan', 'composer', 'uv', 'poetry', 'pdm', 'hatch', 'ng', 'stack', 'cabal', 'tuist', 'bundle'
    ) THEN kind_of_task(program, subcommand_of(piece))
    WHEN program IN (
        'cmake', 'ninja', 'meson', 'gcc', 'g++', 'clang', 'clang++', 'cc', 'ld', 'rustc', 'javac',
        'kotlinc', 'tsup', 'esbuild', 'rollup', 'webpack', 'vite', 'next', 'astro', 'nuxt', 'parcel',
        'swc', 'babel', 'buck2', 'ant', 'msbuild', 'xcodebuild', 'goreleaser', 'protoc', 'buf', 'sphinx-build',
        'mkdocs', 'hugo', 'jekyll', 'pandoc', 'pdflatex', 'latexmk', 'configure', 'autoreconf', 'tailwindcss',
        'pyinstaller', 'wasm-pack', 'expo', 'electron-builder', 'storybook', 'changeset', 'maturin'
    ) THEN 'build'
    WHEN regexp_matches(program, '^create-[\w-]+(@\S*)?$') OR program IN (
        'pip', 'pip3', 'pipx', 'conda', 'mamba', 'brew', 'apt', 'apt-get', 'apt-cache', 'dpkg', 'dnf',
        'yum', 'apk', 'pacman', 'gem', 'nvm', 'fnm', 'pyenv', 'rbenv', 'rustup', 'asdf', 'volta',
        'corepack', 'choco', 'winget', 'scoop', 'nix', 'nix-shell', 'nix-env', 'flatpak', 'snap', 'port',
        'virtualenv', 'venv', 'pip-compile', 'npm-check-updates', 'ncu', 'pod', 'twine', 'ensurepip'
    ) THEN 'package'
    WHEN program IN (
        'curl', 'wget', 'http', 'https', 'ping', 'dig', 'nslookup', 'host', 'ssh', 'scp', 'sftp',
        'ssh-keygen', 'ssh-add', 'nc', 'telnet', 'ip', 'ifconfig', 'netstat', 'ss', 'openssl',
        'traceroute', 'ngrok', 'cloudflared', 'grpcurl', 'websocat', 'http.server', 'tailscale',
        'Invoke-WebRequest', 'Invoke-RestMethod', 'lynx', 'w3m', 'yt-dlp'
    ) THEN 'network'
    WHEN program IN (
        'docker', 'docker-compose', 'podman', 'kubectl', 'k9s', 'helm', 'kind', 'minikube', 'k3d',
        'colima', 'nerdctl', 'buildah', 'skopeo', 'kustomize', 'vagrant', 'orb', 'limactl', 'devcontainer'
    ) THEN 'container'
    WHEN program IN (
        'aws', 'gcloud', 'gsutil', 'az', 'terraform', 'tofu', 'terragrunt', 'pulumi', 'ansible',
        'ansible-playbook', 'vercel', 'netlify', 'wrangler', 'fly', 'flyctl', 'heroku', 'doctl',
        'railway', 'firebase', 'cdk', 'sst', 'serverless', 'modal', 'op', 'vault', 'eas', 'packer'
    ) THEN 'cloud'
    WHEN program IN (
        'psql', 'mysql', 'mariadb', 'sqlite3', 'duckdb', 'redis-cli', 'mongosh', 'mongo', 'pg_dump',
        'pg_restore', 'pg_isready', 'createdb', 'dropdb', 'initdb', 'pg_ctl', 'mysqldump', 'prisma',
        'drizzle-kit', 'alembic', 'clickhouse', 'clickhouse-client', 'bq', 'supabase', 'dbt', 'sqlite-utils',
        'typeorm', 'sequelize', 'knex', 'flyway', 'liquibase', 'valkey-cli'
    ) THEN 'database'
    WHEN regexp_matches(program, '^(python|pypy)[\d.]*$') OR program IN (
        'ipython', 'jupyter', 'py', 'uvicorn', 'gunicorn', 'flask', 'django-admin', 'streamlit',
        'celery', 'py_compile', 'json.tool', 'compileall', 'cProfile', 'timeit', 'fastapi', 'scrapy'
    ) THEN 'python'
    WHEN program IN (
        'node', 'nodejs', 'ts-node', 'tsx', 'nodemon', 'electron', 'esno', 'jiti', 'react-scripts',
        'concurrently', 'pm2', 'ts-node-dev'
    ) THEN 'node'
    WHEN program IN (
        'ruby', 'irb', 'php', 'java', 'kotlin', 'scala', 'Rscript', 'R', 'lua', 'luajit', 'julia', 'elixir',
        'iex', 'erl', 'ghc', 'ghci', 'runghc', 'osascript', 'ocaml', 'racket', 'clojure', 'clj', 'swipl',
        'wasmtime', 'gdb', 'lldb', 'valgrind', 'strace', 'perf', 'dtruss', 'xcrun', 'adb', 'simctl'
    ) THEN 'runtime'
    WHEN program IN (
        'ps', 'kill', 'pkill', 'killall', 'pgrep', 'top', 'htop', 'lsof', 'fuser', 'systemctl', 'service',
        'launchctl', 'journalctl', 'jobs', 'fg', 'bg', 'tmux', 'screen', 'zellij', 'supervisorctl', 'crontab',
        'watch', 'disown', 'pstree', 'free', 'vmstat', 'iostat', 'uptime', 'dmesg', 'script', 'expect',
        'Get-Process', 'Stop-Process', 'Start-Process', 'open', 'xdg-open', 'say', 'pbcopy', 'pbpaste'
    ) THEN 'process'
    -- Agents, and what is made for work with them: their worktrees, browsers, issues, sessions.
    WHEN program IN (
        'claude', 'codex', 'gemini', 'aider', 'opencode', 'cursor-agent', 'copilot', 'amp', 'goose',
        'crush', 'qwen', 'workmux', 'entire', 'agent-browser', 'bd', 'br', 'beads', 'specify', 'openspec',
        'session-lattice', 'ccusage', 'claude-flow', 'mcp', 'mcp-inspector', 'backlog', 'ollama', 'llm'
    ) THEN 'agent'
    WHEN program IN (
        'cd', 'echo', 'printf', 'true', 'false', ':', 'test', '[', '[[', 'pwd', 'export', 'set', 'unset',
        'source', '.', 'sleep', 'wait', 'exit', 'read', 'date', 'env', 'printenv', 'eval', 'bash', 'sh',
        'zsh', 'fish', 'dash', 'alias', 'history', 'hash', 'ulimit', 'umask', 'trap', 'shopt', 'declare',
        'local', 'return', 'break', 'continue', 'pushd', 'popd', 'yes', 'seq', 'tr', 'rev', 'hostname',
        'whoami', 'id', 'uname', 'clear', 'let', 'expr', 'bc', 'shift', 'typeset', 'sw_vers', 'arch',
        'nproc', 'sysctl', 'locale', 'man', 'tput', 'stty', 'su', 'direnv', 'rm_', 'setopt', 'autoload',
        'Write-Output', 'Write-Host', 'Set-Location', 'Get-Location', 'Get-Command', 'pwsh', 'powershell',
        'cmd', 'groups', 'mount', 'umount', 'base64', 'envsubst', 'getconf', 'ldd', 'nm', 'otool', 'xattr'
    ) THEN 'shell'
    -- The project's own programs, called by their path.
    WHEN regexp_matches(piece, '^(\S*/|~)\S+|^\S+\.(sh|py|js|mjs|ts|rb|ps1|pl)(\s|$)') THEN 'script'
    ELSE 'other'
END;
