"""The Train workspace: settings, live plots, eigenvalues, runs."""
