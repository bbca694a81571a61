"""HTTP plumbing without accounts: input, output, pagination, files, problem documents, headers; and Redis."""
