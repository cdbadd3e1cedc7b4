"""The runs of the window: their list, their library, and the one that trains."""
