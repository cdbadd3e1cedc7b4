"""Importing a person's own table."""
