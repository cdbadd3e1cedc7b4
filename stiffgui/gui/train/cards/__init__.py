"""The cards of Train, one file each."""
