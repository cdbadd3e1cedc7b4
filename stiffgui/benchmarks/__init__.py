"""This machine's speed beside plain `torch.nn` and others: what `stiffgui bench` runs.

`stiffgui.benchmarks.report.measure()` measures all rows; needs torch.
"""
