"""One package per API: what its spec says, and what that becomes."""
