"""How fast and how large the composition function is, beside its peers; see README.md."""
