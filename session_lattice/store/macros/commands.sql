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
-- {"command": ["bash", "-lc", "..."]} or {"command": ["git", "status"]}, or the bare text. Of
-- what is longer, the first 2,000 characters.
CREATE OR REPLACE TEMP MACRO command_of(input) AS if(
    starts_with(input, '{'),
    unquoted(regexp_extract(
        -- A list in front becomes one string.
        if(
            contains(left(input, 16), '['),
            replace(replace(left(input, 2000), '","', ' '), '", "', ' '),
            left(input, 2000)
        ),
        '"(?:command|cmd)"\s*:\s*(?:\[\s*"(?:\S*(?:sh|sh\.exe) -\w+ )?|")((?:[^"\\]|\\.)*)',
        1
    )),
    left(input, 2000)
);

-- What a call is about, in a line of at most 200 characters: its command, else the file,
-- pattern, query or address that it names first, else its description; '' where it has none.
CREATE OR REPLACE TEMP MACRO subject_of(tool, input) AS left(trim(regexp_replace(
    coalesce(
        CASE
            WHEN runs_commands(tool) THEN command_of(left(input, 600))
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
            replace(replace(left(command, 2000), '<<<', ' '), '\' || chr(10), ' '),
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
    regexp_extract(piece, '^\S+'), '^.*[/\\]|\.exe$|@[^@]*$', '', 'g'
);

-- The first word after the program that is no option, nor a runner's `run`: git's `commit`, npm's
-- `test`; '' for none.
CREATE OR REPLACE TEMP MACRO subcommand_of(piece) AS regexp_extract(
    piece,
    '^\S+(?:\s+(?:run|run-script|-[CcF]\s+\S+|--?(?:cwd|dir|prefix|filter|directory)\s+\S+|-\S+))*\s+(\w[\w:.-]*)',
    1
);

-- What a runner's, package manager's or compiler's subcommand is for.
CREATE OR REPLACE TEMP MACRO kind_of_task(task) AS list_transform([task], lambda word: CASE
    WHEN regexp_matches(
        word,
        '^(i|ci|rm|up|ls|add|get|mod|pub|pip|why|use|lock|sync|pack|tidy|list|info|view|init|link|show|tree'
        || '|venv|tool|trust|cache|audit|fetch|which|login|setup|create|remove|update|search|config|export'
        || '|unlink|dedupe|vendor|whoami|python|install|upgrade|publish|require|restore|version|outdated'
        || '|uninstall|bootstrap|deps)$'
    ) THEN 'package'
    WHEN regexp_matches(
        word,
        '(^|[:._-])(e2e|tests?|specs?|vitest|jest|pytest|cov|cover|coverage|nextest|bench|benchmark|verify'
        || '|unit|integration)([:._-]|$)|^test'
    ) THEN 'test'
    WHEN regexp_matches(
        word,
        '(^|[:._-])(lint|fmt|format|check|clippy|vet|type-?checks?|types|tsc|prettier|eslint|fix|style'
        || '|analyze|ruff|mypy|validate)([:._-]|$)'
    ) THEN 'lint'
    -- A bare `make`.
    WHEN word = '' OR regexp_matches(
        word,
        '(^|[:._-])(build|compile|bundle|dist|assemble|package|generate|gen|codegen|release|clean|all|docs?'
        || '|tsup|vite|webpack|archive|prebuild)([:._-]|$)'
    ) THEN 'build'
    ELSE 'task'
END)[1];

-- What kind of work a simple command is, by its program's kind in known_programs and what else it
-- says; 'script' for the project's own programs, called by their path; 'other' if not known.
CREATE OR REPLACE TEMP MACRO family_of(known, piece) AS CASE
    WHEN known = 'task' THEN kind_of_task(subcommand_of(piece))
    -- Nothing but `cat` is left of one that writes a here-document to a file.
    WHEN known IN ('read', 'runtime') THEN if(
        piece = 'cat' OR regexp_matches(piece, '^\S*(sed|yq|perl)\s(.*\s)?(-\w*i|--in-place)'), 'edit', known
    )
    WHEN known = 'build' AND contains(piece, ' --noEmit') THEN 'lint'
    WHEN known IS NOT NULL THEN known
    WHEN regexp_matches(piece, '^(\S*/|~)\S+|^\S+\.(sh|py|js|mjs|ts|rb|ps1|pl)(\s|$)') THEN 'script'
    ELSE 'other'
END;
