"""HTTP plumbing that knows no account: what callers send, pages, files, problem documents, headers; and Redis."""
