SELECT cwd, repo FROM checkouts WHERE cwd IN (SELECT unnest(?::VARCHAR[]))
