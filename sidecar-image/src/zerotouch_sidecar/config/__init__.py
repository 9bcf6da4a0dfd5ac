"""sidecar.json: its fields, its rules, its published schema, and its reading again when it changes."""
