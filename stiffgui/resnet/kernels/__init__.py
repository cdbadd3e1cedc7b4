"""The residual network in compiled loops: a trial's passes over a batch (ADR 17).

`manual_pass.py` beside this folder computes the same for many trials at once on other devices.
"""
