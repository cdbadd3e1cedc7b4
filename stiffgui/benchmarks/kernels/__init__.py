"""Compiled loops that are only timed."""
