"""Readers of incoming billing data: the record format, CSV and NDJSON files, the marketplace's tables."""
