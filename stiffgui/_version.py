"""The version, where everything that needs it finds it without importing the package's names."""

__version__ = "0.1.0"
