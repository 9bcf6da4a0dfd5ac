"""`zerotouch`: preview, check and run claims without a cluster."""
