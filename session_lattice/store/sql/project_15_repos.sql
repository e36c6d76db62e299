-- of: repo.observed
-- A repository as the latest observation has it, whole.
MERGE INTO repos AS r
USING (
    SELECT
        repo,
        upstream,
        name,
        remote_url,
        default_branch,
        head,
        in_progress,
        coalesce(commits_30d, 0) AS commits_30d,
        coalesce(changed_lines_30d, 0) AS changed_lines_30d,
        coalesce(authors_30d, 0) AS authors_30d,
        coalesce(untracked_files, 0) AS untracked_files,
        coalesce(modified_files, 0) AS modified_files,
        coalesce(commits_ahead, 0) AS commits_ahead,
        coalesce(commits_behind, 0) AS commits_behind,
        coalesce(stashes, 0) AS stashes,
        coalesce(stale_branches, []) AS stale_branches,
        coalesce(open_prs, 0) AS open_prs,
        coalesce(draft_prs, 0) AS draft_prs,
        coalesce(open_issues, 0) AS open_issues,
        coalesce(prs_awaiting_my_review, 0) AS prs_awaiting_my_review,
        coalesce(prs_mine_awaiting_review, 0) AS prs_mine_awaiting_review,
        coalesce(prs_mine_no_reviewer, 0) AS prs_mine_no_reviewer,
        coalesce(my_draft_prs, 0) AS my_draft_prs,
        coalesce(issues_assigned_to_me, 0) AS issues_assigned_to_me,
        deploy_workflow,
        deploy_status,
        deployed_at,
        ts AS observed_at,
        origin,
        position AS changed
    FROM batch
    WHERE type = 'repo.observed'
    QUALIFY row_number() OVER (PARTITION BY repo ORDER BY position DESC) = 1
) AS b
ON r.repo = b.repo
WHEN MATCHED THEN UPDATE SET
    upstream = b.upstream,
    name = b.name,
    remote_url = b.remote_url,
    default_branch = b.default_branch,
    head = b.head,
    in_progress = b.in_progress,
    commits_30d = b.commits_30d,
    changed_lines_30d = b.changed_lines_30d,
    authors_30d = b.authors_30d,
    untracked_files = b.untracked_files,
    modified_files = b.modified_files,
    commits_ahead = b.commits_ahead,
    commits_behind = b.commits_behind,
    stashes = b.stashes,
    stale_branches = b.stale_branches,
    open_prs = b.open_prs,
    draft_prs = b.draft_prs,
    open_issues = b.open_issues,
    prs_awaiting_my_review = b.prs_awaiting_my_review,
    prs_mine_awaiting_review = b.prs_mine_awaiting_review,
    prs_mine_no_reviewer = b.prs_mine_no_reviewer,
    my_draft_prs = b.my_draft_prs,
    issues_assigned_to_me = b.issues_assigned_to_me,
    deploy_workflow = b.deploy_workflow,
    deploy_status = b.deploy_status,
    deployed_at = b.deployed_at,
    observed_at = b.observed_at,
    origin = b.origin,
    changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
