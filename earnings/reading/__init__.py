"""What is handed to us, as it is read: the record format, CSV and NDJSON files, the marketplace's tables."""
