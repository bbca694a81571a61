"""Tests of the console in a real browser. This is a package so that they share one browser (pytest's package scope)."""
