"""The calculations behind the neural-ODE pages."""
