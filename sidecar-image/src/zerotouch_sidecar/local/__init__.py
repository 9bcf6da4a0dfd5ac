"""The way out: what the agent reaches on the pod's loopback."""
