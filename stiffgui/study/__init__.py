"""Many trials and variants: plan, executors, summary statistics."""
