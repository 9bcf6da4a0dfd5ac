"""The same API as a function written the way the documentation of Crossplane's Python SDK shows it."""
