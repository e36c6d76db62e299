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
        END AS place,
        -- The one name whose end says another thing than it is.
        replace(lower(plain), 'cmakelists.txt', '.cmake') AS name
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
            '.bash': 'Shell', '.bashrc': 'Shell', '.bat': 'Batch', '.bazel': 'Bazel',
            '.bzl': 'Bazel', '.c': 'C', '.cc': 'C++', '.cfg': 'INI', '.cjs': 'JavaScript',
            '.clj': 'Clojure', '.cljs': 'Clojure', '.cmake': 'CMake', '.cmd': 'Batch',
            '.conf': 'INI', '.cpp': 'C++', '.cs': 'C#', '.css': 'CSS', '.csv': 'CSV',
            '.csx': 'C#', '.cts': 'TypeScript', '.cu': 'CUDA', '.cxx': 'C++', '.dart': 'Dart',
            '.edn': 'Clojure', '.elm': 'Elm', '.env': 'dotenv', '.erb': 'Ruby', '.erl': 'Erlang',
            '.ex': 'Elixir', '.exs': 'Elixir', '.f': 'Fortran', '.f90': 'Fortran',
            '.fish': 'Shell', '.frag': 'GLSL', '.fs': 'F#', '.fsx': 'F#', '.gemspec': 'Ruby',
            '.gitattributes': 'Git', '.gitignore': 'Git', '.gitmodules': 'Git', '.glsl': 'GLSL',
            '.go': 'Go', '.gql': 'GraphQL', '.gradle': 'Groovy', '.graphql': 'GraphQL',
            '.groovy': 'Groovy', '.h': 'C/C++ header', '.hcl': 'Terraform', '.hh': 'C++',
            '.hpp': 'C++', '.hrl': 'Erlang', '.hs': 'Haskell', '.htm': 'HTML', '.html': 'HTML',
            '.hxx': 'C++', '.ini': 'INI', '.ipynb': 'Jupyter', '.java': 'Java', '.jl': 'Julia',
            '.js': 'JavaScript', '.json': 'JSON', '.jsonc': 'JSON', '.jsonl': 'JSON',
            '.jsx': 'JavaScript', '.kt': 'Kotlin', '.kts': 'Kotlin', '.less': 'Less',
            '.lua': 'Lua', '.m': 'Objective-C', '.markdown': 'Markdown', '.md': 'Markdown',
            '.mdx': 'Markdown', '.mjs': 'JavaScript', '.mk': 'Make', '.ml': 'OCaml',
            '.mli': 'OCaml', '.mm': 'Objective-C', '.mod': 'Go', '.mts': 'TypeScript',
            '.nix': 'Nix', '.php': 'PHP', '.pl': 'Perl', '.plist': 'XML', '.pm': 'Perl',
            '.profile': 'Shell', '.proto': 'Protobuf', '.ps1': 'PowerShell',
            '.psm1': 'PowerShell', '.py': 'Python', '.pyi': 'Python', '.r': 'R', '.rake': 'Ruby',
            '.rb': 'Ruby', '.rs': 'Rust', '.rst': 'reStructuredText', '.sass': 'SCSS',
            '.scala': 'Scala', '.scss': 'SCSS', '.sh': 'Shell', '.sol': 'Solidity',
            '.sql': 'SQL', '.sum': 'Go', '.svelte': 'Svelte', '.svg': 'SVG', '.swift': 'Swift',
            '.tex': 'LaTeX', '.tf': 'Terraform', '.tfvars': 'Terraform', '.toml': 'TOML',
            '.ts': 'TypeScript', '.tsv': 'CSV', '.tsx': 'TypeScript', '.txt': 'text',
            '.vert': 'GLSL', '.vue': 'Vue', '.xml': 'XML', '.xsd': 'XML', '.yaml': 'YAML',
            '.yml': 'YAML', '.zig': 'Zig', '.zsh': 'Shell', '.zshrc': 'Shell',
            'brewfile': 'Ruby', 'build': 'Bazel', 'changelog': 'text', 'codeowners': 'text',
            'containerfile': 'Dockerfile', 'copying': 'text', 'dockerfile': 'Dockerfile',
            'gemfile': 'Ruby', 'jenkinsfile': 'Groovy', 'justfile': 'Just', 'license': 'text',
            'makefile': 'Make', 'notice': 'text', 'podfile': 'Ruby', 'rakefile': 'Ruby',
            'readme': 'text', 'workspace': 'Bazel'
        }[coalesce(nullif(regexp_extract(name, '[^/](\.[^./]+)$', 1), ''), parse_filename(name))],
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
