-- Which files did each session read and change, when, and in which repository do they lie?
-- axis: files
-- grain: session, path
-- within: session
-- dirty: file_touches.session
-- dirty: checkouts.cwd -> file_touches.session
-- dirty: SELECT session FROM file_touches WHERE dir IN (SELECT cwd FROM changed(checkouts))
-- column session: | agent and the agent's own id
-- column path: | as the session named it; absolute where the transcript's directory is known
-- column file: | the file's path in the repository's main checkout, the same from every worktree; outside of repositories its own path; null for a relative path from nobody knows where
-- column repo: | repository: its main checkout's directory, or the directory worked in; null outside of both
-- column worktree: | checkout of the repository that the path lies in
-- column relative_path: | from the worktree's top, / between its parts; null outside of repositories
-- column language: | by the name's extension; other if it tells none
-- column touches: count | calls that read or changed it, whatever came of them; searches are none
-- column reads: count | reads that worked
-- column edits: count | creations, edits, moves and deletions that worked
-- column churn_edits: count | of edits, those that were at least the third within 10 minutes
-- column first_at: UTC | first touch
-- column last_at: UTC | last touch
-- column first_read_at: UTC | first read that worked
-- column first_edit_at: UTC | first edit that worked
-- column last_edit_at: UTC | last edit that worked
-- column first_edit: | what the first edit that worked did: create, edit, delete or move
-- column last_edit: | what the last edit that worked did
-- column edit_times: UTC | of edits that worked, the last 100, in order
-- column branches: | branches that the session edited it on
-- column written: | sketch of the lines that its edits wrote: hashes in order, the 1024 smallest
-- column taken: | sketch of the lines that its edits took away, likewise
WITH touched AS (
    SELECT
        f.session,
        f.path,
        any_value(d.repo) AS dir_repo,
        any_value(d.worktree) AS dir_worktree,
        -- The deepest repository that it was reached from; without any, the topmost directory.
        max({
            closeness: if(c.evidence = 'cwd', -1, 1) * length(c.worktree),
            worktree: c.worktree,
            repo: c.repo
        }) FILTER (WHERE starts_with(
            replace(lower(f.path), '\', '/'),
            rtrim(replace(lower(c.worktree), '\', '/'), '/') || '/'
        )) AS near,
        count(*) AS touches,
        count(*) FILTER (WHERE f.action = 'read' AND f.succeeded) AS reads,
        count(*) FILTER (WHERE f.edited) AS edits,
        min(f.ts) AS first_at,
        max(f.ts) AS last_at,
        min(f.ts) FILTER (WHERE f.action = 'read' AND f.succeeded) AS first_read_at,
        list({ts: f.ts, call: f.call, action: f.action}) FILTER (WHERE f.edited) AS changes,
        list_sort(list(DISTINCT f.branch) FILTER (WHERE f.edited AND f.branch <> '')) AS branches,
        list(f.added) FILTER (WHERE f.edited AND f.added <> []) AS added,
        list(f.removed) FILTER (WHERE f.edited AND f.removed <> []) AS removed
    FROM (
        SELECT *, succeeded AND action IN ('create', 'edit', 'delete', 'move') AS edited
        FROM file_touches
        WHERE dirty(session) AND action <> 'search'
    ) AS f
    LEFT JOIN checkouts AS d ON d.cwd = f.dir AND d.evidence <> 'cwd'
    LEFT JOIN checkouts AS c ON c.cwd = f.cwd
    GROUP BY f.session, f.path
),
-- Windows writes one path in many ways: here with a large drive, / between parts.
named AS (
    SELECT
        *,
        path[2:3] IN (':\', ':/') OR starts_with(path, '\\') AS windows,
        if(windows, upper(path[1]) || replace(path[2:], '\', '/'), path) AS plain,
        nullif(regexp_extract(path, '^(.+[/\\]\.(?:claude[/\\])?worktrees[/\\][^/\\]+)[/\\]', 1), '')
            AS layout
    FROM touched
),
placed AS (
    SELECT
        * EXCLUDE (changes),
        list_sort(changes) AS changes,
        list_sort(list_transform(changes, lambda change: change.ts)) AS times,
        CASE
            WHEN dir_repo IS NOT NULL THEN {repo: dir_repo, worktree: dir_worktree}
            WHEN length(layout) > coalesce(near.closeness, 0) THEN {
                repo: regexp_extract(layout, '^(.+)[/\\]\.(?:claude[/\\])?worktrees[/\\]', 1),
                worktree: layout
            }
            WHEN near IS NOT NULL THEN {repo: near.repo, worktree: near.worktree}
        END AS place
    FROM named
)
SELECT
    session,
    path,
    CASE
        WHEN place IS NOT NULL
            THEN rtrim(if(
                windows, upper(place.repo[1]) || replace(place.repo[2:], '\', '/'), place.repo
            ), '/') || plain[length(rtrim(place.worktree, '/\')) + 1:]
        WHEN windows OR path[1] IN ('/', '~') THEN plain
    END AS file,
    place.repo AS repo,
    place.worktree AS worktree,
    plain[length(rtrim(place.worktree, '/\')) + 2:] AS relative_path,
    coalesce(
        MAP {
            '.bashrc': 'Shell', '.env': 'dotenv', '.gitattributes': 'Git', '.gitignore': 'Git',
            '.gitmodules': 'Git', '.profile': 'Shell', '.zshrc': 'Shell', 'brewfile': 'Ruby',
            'build': 'Bazel', 'build.bazel': 'Bazel', 'changelog': 'text',
            'cmakelists.txt': 'CMake', 'codeowners': 'text', 'containerfile': 'Dockerfile',
            'copying': 'text', 'dockerfile': 'Dockerfile', 'gemfile': 'Ruby', 'go.mod': 'Go',
            'go.sum': 'Go', 'jenkinsfile': 'Groovy', 'justfile': 'Just', 'license': 'text',
            'makefile': 'Make', 'notice': 'text', 'podfile': 'Ruby', 'rakefile': 'Ruby',
            'readme': 'text', 'workspace': 'Bazel'
        }[lower(parse_filename(plain))],
        MAP {
            'bat': 'Batch', 'cmd': 'Batch', 'c': 'C', 'cs': 'C#', 'csx': 'C#', 'cc': 'C++',
            'cpp': 'C++', 'cxx': 'C++', 'hh': 'C++', 'hpp': 'C++', 'hxx': 'C++',
            'h': 'C/C++ header', 'clj': 'Clojure', 'cljs': 'Clojure', 'edn': 'Clojure',
            'cmake': 'CMake', 'css': 'CSS', 'csv': 'CSV', 'tsv': 'CSV', 'cu': 'CUDA',
            'dart': 'Dart', 'ex': 'Elixir', 'exs': 'Elixir', 'elm': 'Elm', 'erl': 'Erlang',
            'hrl': 'Erlang', 'fs': 'F#', 'fsx': 'F#', 'f': 'Fortran', 'f90': 'Fortran',
            'glsl': 'GLSL', 'frag': 'GLSL', 'vert': 'GLSL', 'go': 'Go', 'graphql': 'GraphQL',
            'gql': 'GraphQL', 'groovy': 'Groovy', 'gradle': 'Groovy', 'hs': 'Haskell',
            'html': 'HTML', 'htm': 'HTML', 'ini': 'INI', 'cfg': 'INI', 'conf': 'INI',
            'java': 'Java', 'js': 'JavaScript', 'jsx': 'JavaScript', 'mjs': 'JavaScript',
            'cjs': 'JavaScript', 'json': 'JSON', 'jsonc': 'JSON', 'jsonl': 'JSON', 'jl': 'Julia',
            'ipynb': 'Jupyter', 'kt': 'Kotlin', 'kts': 'Kotlin', 'tex': 'LaTeX', 'less': 'Less',
            'lua': 'Lua', 'md': 'Markdown', 'mdx': 'Markdown', 'markdown': 'Markdown', 'nix': 'Nix',
            'm': 'Objective-C', 'mm': 'Objective-C', 'ml': 'OCaml', 'mli': 'OCaml', 'pl': 'Perl',
            'pm': 'Perl', 'php': 'PHP', 'ps1': 'PowerShell', 'psm1': 'PowerShell',
            'proto': 'Protobuf', 'py': 'Python', 'pyi': 'Python', 'r': 'R',
            'rst': 'reStructuredText', 'rb': 'Ruby', 'erb': 'Ruby', 'rake': 'Ruby',
            'gemspec': 'Ruby', 'rs': 'Rust', 'scala': 'Scala', 'scss': 'SCSS', 'sass': 'SCSS',
            'sh': 'Shell', 'bash': 'Shell', 'zsh': 'Shell', 'fish': 'Shell', 'sol': 'Solidity',
            'sql': 'SQL', 'svelte': 'Svelte', 'svg': 'SVG', 'swift': 'Swift', 'tf': 'Terraform',
            'tfvars': 'Terraform', 'hcl': 'Terraform', 'txt': 'text', 'toml': 'TOML',
            'ts': 'TypeScript', 'tsx': 'TypeScript', 'mts': 'TypeScript', 'cts': 'TypeScript',
            'vue': 'Vue', 'xml': 'XML', 'xsd': 'XML', 'plist': 'XML', 'yaml': 'YAML', 'yml': 'YAML',
            'zig': 'Zig', 'mk': 'Make', 'bzl': 'Bazel'
        }[lower(regexp_extract(plain, '[^./]\.([^./]+)$', 1))],
        'other'
    ) AS language,
    touches,
    reads,
    edits,
    coalesce(len(list_filter(
        range(3, edits + 1), lambda i: times[i] - times[i - 2] <= INTERVAL 10 MINUTES
    )), 0) AS churn_edits,
    first_at,
    last_at,
    first_read_at,
    times[1] AS first_edit_at,
    times[-1] AS last_edit_at,
    changes[1].action AS first_edit,
    changes[-1].action AS last_edit,
    coalesce(times[-100:], []) AS edit_times,
    coalesce(branches, []) AS branches,
    coalesce(list_sort(list_distinct(flatten(added)))[:1024], []) AS written,
    coalesce(list_sort(list_distinct(flatten(removed)))[:1024], []) AS taken
FROM placed
