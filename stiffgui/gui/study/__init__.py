"""The Study workspace: variants, progress, results."""
