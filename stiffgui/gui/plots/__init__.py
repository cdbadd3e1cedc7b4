"""Plots of the window: cards, curves, bands."""
