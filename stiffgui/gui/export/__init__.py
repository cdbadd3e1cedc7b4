"""Export of figures and tables from the window."""
