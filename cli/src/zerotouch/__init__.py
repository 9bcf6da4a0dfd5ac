"""`zerotouch`: preview and check claims without a cluster."""
