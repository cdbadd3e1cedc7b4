"""The desktop application. Importing this package starts nothing."""
