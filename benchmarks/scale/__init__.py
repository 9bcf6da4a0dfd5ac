"""What hundreds of claims cost a control plane; see `benchmarks/README.md`."""
