-- What kind of error a failed call's output tells of.

-- The output without colours, and without what agents put around it.
CREATE OR REPLACE TEMP MACRO plain_output(output) AS trim(regexp_replace(regexp_replace(
    regexp_replace(replace(output, chr(13), ''), '\x1b\[[0-9;?]*[A-Za-z]', '', 'g'),
    '^\s*(Exit code \d+|Total output lines: \d+|failed in sandbox[^:\n]*:(\s*sandbox denied exec error,)?)', ''),
    '</?tool_use_error>|(?:,?\s*exit code: \d+)?,? stdout: |,? stderr: |\b\S*: line \d+: warning: here-document[^\n]*'
    || '|(?m:^\[\S+\] (?:ERROR task failed|\$ |Finished).*$|^(?:={3,}|_{3,}) .*$)', '', 'g'),
    E' \n\t,');

-- The line of an output that says what went wrong: the first that begins as an error's does,
-- else the first that has a word of failure, else the first. The list of one gives it a name:
-- a macro's argument is bound, and its patterns compiled, each time that it stands there.
CREATE OR REPLACE TEMP MACRO telling_line(output) AS list_transform([plain_output(output)], lambda plain: trim(coalesce(
    nullif(regexp_extract(plain, '(?m)^[ \t]*((?:--- FAIL|FAIL(?:ED)?[: ]|E   |[Ee]rror(?:\[\w+\])?: |ERROR:? [^t]|fatal: |panic: |(?:\w+[.:])*\w*(?:Error|Exception): ).*)', 1), ''),
    nullif(regexp_extract(plain, '(?im)^(?:[^\nw]|w[^\na]|wa[^\nr])*?(?:\berrors?\b|\w(?:error|exception)\b|\bfatal\b|\bpanic\b|not found|no such|cannot|can''t|could ?n.t|could not|unable|denied|\bfail(?:ed|ure|ures|s|ing)?\b|invalid|unknown|unrecognized|not permitted|timed out|unexpected|undefined|refused|not exist|missing|unsupported|aborted|illegal|not allowed|ignored by|no changes)[^\n]*'), ''),
    nullif(regexp_extract(plain, '(?m)^.*\S.*$'), ''),
    ''
)))[1];

-- A telling line with what differs from one time to the next taken out, in at most
-- 160 characters: <url>, <path>, <id>, <hash>, <time>, <n> and '…' for what was quoted.
CREATE OR REPLACE TEMP MACRO signature_of(line) AS left(trim(
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        left(line, 400),
        '\b\w+://[^\s''"`<>)\]]+', '<url>', 'g'),
        '"(?:[^"\\]|\\.)*"|`[^`]*`|‘[^’]*’|“[^”]*”|(^|[\s(=:,\[$])''[^'']*''', '\1''…''', 'g'),
        '\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b', '<id>', 'g'),
        '\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d[:-]\d\d(?:[:-]\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?', '<time>', 'g'),
        '^(\S+: )(?:[^:\s]+: )?[^:]+(: (?:No such file or directory|Is a directory|Not a directory|Permission denied|Directory not empty|File exists))', '\1<path>\2', 'g'),
        '(?:[A-Za-z]:)?(?:[~.]{0,2}[\w.@+\[\]-]*[/\\])+[\w.@+~\[\]-]*(?::\d+)*|\b[\w-]+\.(?:py|pyi|[cm]?[jt]sx?|go|rs|rb|java|kt|md|mdx|json|ya?ml|toml|sh|css|html|sql|c|cc|cpp|h|hpp|php|swift|txt|lock|cfg|ini|env|csv|xml|vue|svelte|ipynb|jsonl|log)\b(?::\d+|\(\d+,\d+\))*', '<path>', 'g'),
        '\b0x[0-9a-fA-F]+\b|\b[0-9a-f]*\d[0-9a-f]*[a-f][0-9a-f]*\b', '<hash>', 'g'),
        '\d+(?:[.,]\d+)*', '<n>', 'g'),
        '<path>(?:[:(]<n>(?:[:,]<n>)?\)?)+', '<path>', 'g'),
        '(?:─|━|=|-|_|\*|~){4,}', '', 'g'),
        '\s+', ' ', 'g')
), 160);
