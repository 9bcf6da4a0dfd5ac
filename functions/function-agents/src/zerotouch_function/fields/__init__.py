"""Parts of a claim's spec that several APIs share, parsed once at the edge."""
