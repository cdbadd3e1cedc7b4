"""The Experiment panel and the model that it edits."""
