"""This machine's speed against the talk's method and others: what `stiffgui bench` runs.

`stiffgui.benchmarks.report.measure()` measures all rows; needs torch.
"""
