"""Crossplane's protocol: the bytes of a request to the bytes of its answer, whatever server they come through."""
